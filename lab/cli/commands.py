"""All commands, and how a line of words becomes one of them."""

import sys
from collections.abc import Sequence

import typer

from lab.cli.duel import duel
from lab.cli.evaluate import evaluate
from lab.cli.failure import OK
from lab.cli.gradcheck import gradcheck
from lab.cli.open import open_
from lab.cli.plugins import plugin_commands
from lab.cli.predict import predict
from lab.cli.run import run
from lab.cli.runs import run_commands
from lab.cli.source import source
from lab.errors import LabError, nearest

_HELP = """A laboratory for recurrent neural networks: a cell is its equations.

Without a command the window opens.

Exit codes: 0 done; 1 tried and failed (a loss that is not finite, a wrong gradient); 2 bad input, nothing was written;
70 an error nobody foresaw; 130 interrupted, with a checkpoint.
"""


def perform(words: Sequence[str]) -> int:
    """Run the command that `words` name; its exit code. Raises LabError where they name none."""
    try:
        code = typer.main.get_command(application())(args=list(words), prog_name="rnn-lab", standalone_mode=False)
    except _usage_error() as error:
        raise LabError(_usage_message(error, words), remedy="See --help") from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    sys.stdout.flush()
    return code if isinstance(code, int) else OK


def application() -> typer.Typer:
    """The commands."""
    app = typer.Typer(
        help=_HELP,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"max_content_width": 120},
    )

    app.command("open")(open_)
    app.command()(run)
    app.command()(evaluate)
    app.command()(predict)
    app.add_typer(run_commands(), name="runs")
    app.add_typer(plugin_commands(), name="plugins")
    app.command()(gradcheck)
    app.command()(duel)
    app.command()(source)
    return app


def _usage_error() -> type[Exception]:
    # Older releases of typer take their exceptions from click, newer ones bring their own.
    return next(one for one in reversed(typer.BadParameter.__mro__) if "format_message" in vars(one))


def _usage_message(error: Exception, words: Sequence[str]) -> str:
    """What was wrong with the command line, with the nearest command where one was misspelled."""
    message = " ".join(str(getattr(error, "format_message", lambda: error)()).split())
    message = message[:1].lower() + message[1:]
    if message.startswith("no such command"):
        context = getattr(error, "ctx", None)
        known = list(getattr(getattr(context, "command", None), "commands", {}))
        wrong = next((word for word in words if repr(word) in message), "")
        guess = nearest(wrong, known)
        if guess is not None and "mean" not in message:
            message = message.rstrip(".") + f"; did you mean {guess!r}?"
    return message
