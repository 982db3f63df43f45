"""The command line: what becomes of its words, and of every error."""

import sys
from collections.abc import Sequence

from lab.cli.failure import BAD_INPUT, FAILED, INTERRUPTED, OK, UNEXPECTED, unexpected
from lab.cli.output import complain, error_json, make_safe, say_json
from lab.errors import LabError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. `arguments` are those of the process where there are none given."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    make_safe()
    try:
        return _perform(words)
    except LabError as error:
        return _bad(error, BAD_INPUT, words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _closed_pipe()
    except MemoryError:
        return _bad(
            LabError("there is not enough memory", remedy="Make the network or the data smaller"), FAILED, words
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets one line and a file with the rest
        return _bad(unexpected(error), UNEXPECTED, words)


def _perform(words: Sequence[str]) -> int:
    # What reads a command line takes a tenth of a second to load, and the window needs none of it.
    if not words:
        from lab.cli.window import start

        return start()
    from lab.cli.commands import perform

    return perform(words)


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
