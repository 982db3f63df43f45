"""`duel`: its JSON, its table, and what becomes of algorithms that cannot run an experiment."""

import signal
import sys
from pathlib import Path

import pytest

from lab.registry.manager import load_catalog
from tests.cli.support import Lab, start, stop

KEYS = {
    "cosine", "norm_ratio", "bias", "bias_error", "variance", "seconds", "bytes", "repeats", "random", "compares",
    "layers",
}  # fmt: skip
EXACT = ("--set", "dtype=float64")


def test_json_has_everything_of_each_algorithm(lab: Lab, experiment: Path) -> None:
    done = lab("duel", experiment, *EXACT, "--algorithms", "bptt,rtrl,uoro", "--repeats", "30", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert list(found["algorithms"]) == ["bptt", "rtrl", "uoro"]
    assert (found["steps"], found["batch"], found["dtype"], found["seed"]) == (12, 16, "float64", 3)
    for result in found["algorithms"].values():
        assert set(result) == KEYS
        assert result["seconds"] > 0
        assert result["bytes"] > 0
        assert [set(layer) for layer in result["layers"]] == [{"name", "cosine", "norm_ratio"}] * 2
        assert [layer["name"] for layer in result["layers"]] == ["layers.0", "readout"]
    assert found["algorithms"]["rtrl"]["cosine"] == pytest.approx(1, abs=1e-10)
    assert found["algorithms"]["rtrl"]["norm_ratio"] == pytest.approx(1, abs=1e-10)
    assert found["algorithms"]["bptt"]["bias"] == 0
    uoro = found["algorithms"]["uoro"]
    assert (uoro["random"], uoro["repeats"]) == (True, 30)
    assert uoro["bias"] < 3 * uoro["bias_error"]


def test_keys_of_the_experiment_and_of_an_algorithm(lab: Lab, experiment: Path) -> None:
    cut = "truncated-bptt(update_every=12,reach_back=12)"
    words = ("--algorithms", f"{cut},truncated-bptt(update_every=3,reach_back=3)", "--batch-size", 5, "--seed", 0)
    done = lab("duel", experiment, *EXACT, *words, "--json")
    assert done.code == 0, done.err
    assert (done.json["batch"], done.json["seed"]) == (5, 0)
    whole, short = done.json["algorithms"].values()
    assert whole["cosine"] == pytest.approx(1, abs=1e-12)
    assert short["cosine"] < 0.999
    assert done.json["algorithms"][cut] is not None


def test_the_table_has_all_algorithms_there_are(lab: Lab, experiment: Path) -> None:
    done = lab("duel", experiment, *EXACT, "--repeats", "2")
    assert done.code == 0, done.err
    for name in load_catalog().names("algorithm"):
        assert f"\n {name} " in done.out or f"\n{name} cannot run this" in done.out, name
        assert name in done.err, "progress"
    assert "cosine" in done.out


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("rtlr", "unknown algorithm 'rtlr'; did you mean 'rtrl'?"),
        ("truncated-bptt(reach_bck=3)", "did you mean 'reach_back'?"),
        ("truncated-bptt(reach_back=3", "Write NAME, or NAME(KEY=VALUE,KEY=VALUE)."),
    ],
)
def test_what_is_no_algorithm_is_refused_before_any_is_measured(
    lab: Lab, experiment: Path, wrong: str, told: str
) -> None:
    done = lab("duel", experiment, "--algorithms", f"bptt,{wrong}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    assert told in done.err


def test_one_that_cannot_run_it_is_listed_with_its_reason(lab: Lab, experiment: Path) -> None:
    both = ("--set", "layers.0.bidirectional=true", "--algorithms", "bptt,rtrl")
    done = lab("duel", experiment, *both)
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    assert "rtrl cannot run this: derivatives cannot be carried forward through a layer of two directions" in done.out
    assert "\n bptt " in done.out
    done = lab("duel", experiment, *both, "--json")
    assert done.json["algorithms"]["rtrl"]["error"]["message"].startswith("derivatives cannot be carried forward")
    assert [layer["name"] for layer in done.json["algorithms"]["bptt"]["layers"]] == [
        "layers.0",
        "layers.0.reverse",
        "readout",
    ]


def test_the_weights_of_a_run(lab: Lab, experiment: Path) -> None:
    run = lab.trained(experiment)["run"]
    fresh = lab("duel", experiment, "--algorithms", "bptt", "--json")
    trained = lab("duel", "--from", run, "--algorithms", "bptt", "--json")
    assert trained.code == 0, trained.err
    assert trained.json["loss"] < fresh.json["loss"]
    done = lab("duel", "--from", run, "--set", "layers.0.hidden=7", "--algorithms", "bptt")
    assert done.code == 2
    assert "other parameters" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "either FILE or --from RUN"),
        (("adding", "--from", "x"), "either FILE or --from RUN"),
        (("adding", "--algorithms", ","), "names none"),
        (("adding", "--target", "numby"), "did you mean 'nump"),
    ],
)
def test_words_that_are_wrong(lab: Lab, words: tuple[str, ...], said: str) -> None:
    done = lab("duel", *words)
    assert done.code == 2
    assert said in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_shows_what_is_done(experiment: Path) -> None:
    process = start("duel", experiment, "--algorithms", "bptt,uoro", "--repeats", 100_000)
    assert process.stderr is not None
    while "2/2 uoro" not in (line := process.stderr.readline()):
        assert line, "the process ended"
    done = stop(process, signal.SIGINT)
    assert done.code == 130
    assert "\n bptt " in done.out
    assert "Interrupted" in done.err
    assert "Traceback" not in done.err
