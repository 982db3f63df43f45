"""The command line: all commands, and what becomes of every error."""

import sys
from collections.abc import Sequence

import typer

from lab.cli.duel import duel
from lab.cli.evaluate import evaluate
from lab.cli.failure import BAD_INPUT, FAILED, INTERRUPTED, OK, UNEXPECTED, unexpected
from lab.cli.gradcheck import gradcheck
from lab.cli.output import complain, error_json, make_safe, say_json
from lab.cli.plugins import plugin_commands
from lab.cli.predict import predict
from lab.cli.run import run
from lab.cli.runs import run_commands
from lab.cli.source import source
from lab.cli.window import open_, start
from lab.errors import LabError, nearest

_HELP = """A laboratory for recurrent neural networks: a cell is its equations.

Exit codes: 0 done; 1 tried and failed (a loss that is not finite, a wrong gradient); 2 bad input, nothing was written;
70 an error nobody foresaw; 130 interrupted, with a checkpoint.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. `arguments` are those of the process where there are none given."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    make_safe()
    try:
        code = typer.main.get_command(application())(args=words, prog_name="rnn-lab", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except LabError as error:
        return _bad(error, BAD_INPUT, words)
    except _usage_error() as error:
        return _bad(LabError(_usage_message(error, words), remedy="See --help"), BAD_INPUT, words)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _closed_pipe()
    except MemoryError:
        return _bad(
            LabError("there is not enough memory", remedy="Make the network or the data smaller"), FAILED, words
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets one line and a file with the rest
        return _bad(unexpected(error), UNEXPECTED, words)


def application() -> typer.Typer:
    """The commands."""
    app = typer.Typer(
        help=_HELP,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"max_content_width": 120},
    )

    @app.callback(invoke_without_command=True)
    def begin(context: typer.Context) -> int:
        return start() if context.invoked_subcommand is None else OK

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


def _bad(error: LabError, code: int, words: Sequence[str]) -> int:
    complain(error)
    if "--json" in words:
        say_json({"error": error_json(error)})
    return code


def _closed_pipe() -> int:
    """Whoever read the output has had enough (`| head`). Python would complain of it once more at its end."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK
