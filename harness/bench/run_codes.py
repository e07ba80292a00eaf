"""What a run can find before, in and after its calls. Apart from them, so that `vane rules` opens no connection."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

UNREADABLE_RUN = Code(
    "VB301", "unreadable-run", "A file is no run of `vane bench run`",
    "name a run's file or a week with a run; `vane bench run` makes one",
    "Numbers are shown and compared only where every row can be read: a run with holes would look like a good one.",
)  # fmt: skip
RUN_IN_USE = Code(
    "VB302", "run-in-use", "Another process writes to this run",
    "wait for it, or name another file with --out",
    "Two writers would ask, and pay for, the same calls twice.",
)  # fmt: skip
OTHER_RUN = Code(
    "VB303", "other-run", "A run cannot go on: what it asks has changed since it began",
    "begin a new run, or bring back the policies and the suite of the old one",
    "Half a run of one model and half of another would be a run of neither.",
)  # fmt: skip
UNLIKE_SHARDS = Code(
    "VB304", "unlike-shards", "Files are not shards of one run",
    "merge the shards of one workflow run, each once",
    "Numbers of different suites, seeds or models make no common number, and a call counted twice counts too much.",
)  # fmt: skip
MISSING_SHARDS = Code(
    "VB305", "missing-shards", "A merged run lacks shards", severity=Severity.WARNING,
    fix="run the missing shards and merge again",
    why="A shard that failed may be the one with the failures.",
)  # fmt: skip
NO_BASE = Code(
    "VB306", "no-base", "There is no run to decide against",
    "name one with --against, or run without --until-decided first",
    "Better and worse need another run of the same suite.",
)  # fmt: skip
NO_LEGS = Code(
    "VB311", "no-legs", "Nothing says on which legs the prompts run",
    "write acceptance.yaml with its legs",
    "acceptance.yaml names the legs, and for each the scenario whose route stands in where another has none there.",
)  # fmt: skip
NO_ADDRESS = Code(
    "VB312", "no-address", "A leg cannot be reached by what the policies say",
    "mend the policy that is named, or leave the leg out with --leg",
    "A leg that is left out in silence would look like a leg that was run.",
)  # fmt: skip
NO_KEY = Code(
    "VB313", "no-key", "A leg's key is not in the environment",
    "set the variable, or leave the leg out with --leg",
    "Every track has a key of its own: with another one the run would be billed to, and limited by, another track.",
)  # fmt: skip
KEY_IN_CLEAR = Code(
    "VB314", "key-in-clear", "A key would go over the network unencrypted",
    "give an https:// address; http:// is for this machine alone",
    "Whoever sees the key can spend the track's money.",
)  # fmt: skip
LEFT_OUT = Code(
    "VB315", "cases-left-out", "Cases do not run on a leg", severity=Severity.WARNING,
    fix="give the leg a model that takes them, or leave it: the other legs run them",
    why="A model that takes no pictures cannot answer about one, and a block holds for prompts of the harness too.",
)  # fmt: skip
NO_PRICE = Code(
    "VB316", "no-price", "Nobody knows what a call costs at most",
    "leave the leg out with --leg, pin the model with `vane lock`, or run without --max-usd",
    "A limit that cannot be held is no limit.",
)  # fmt: skip
NO_MLX_SERVER = Code(
    "VB317", "no-mlx-server", "The local MLX server does not start",
    "see its log; download the model's folder first, or name a server that runs with --mlx-url",
    "The harness downloads nothing: a run must not depend on, nor time, a download.",
)  # fmt: skip
NO_WEIGHTS = Code(
    "VB318", "no-weights", "The weights of a local model are not on this machine",
    "get them with the command that the finding names; it downloads gigabytes",
    "Neither the harness nor a server that launchd starts downloads anything: HF_HUB_OFFLINE=1 keeps both from it.",
)  # fmt: skip
NO_PROGRAM = Code(
    "VB319", "no-mlx-program", "The program that a compiled property list starts is not on this machine",
    "deploy to this Mac first, or set `prefix` in fleet.yaml to where its programs are",
    "Another Python would be another server than the one that launchd starts.",
)  # fmt: skip
PORT_IN_USE = Code(
    "VB320", "port-in-use", "Something listens on the port already",
    "end it, or use it as it is: vane bench run --mlx-url",
    "On a Mac that was deployed to it is most likely the same server, which launchd started.",
)  # fmt: skip
OTHER_USER = Code(
    "VB321", "other-user", "A system daemon's property list is for another user",
    "run it as that user, with sudo -u",
    "Its home folder holds the weights and the environment file; as anybody else it would be another server.",
)  # fmt: skip
UNTRIED = Code(
    "VB322", "trial-left-out", "A trial is left out of a run: its key is not in the environment",
    "set the variable, or take the trial's entry out of acceptance.yaml", severity=Severity.WARNING,
    why="What serves is asked all the same. The run says that it knows nothing new of the trial's model, and so does "
    "the week's pull request.",
)  # fmt: skip
CODES = (
    UNREADABLE_RUN, RUN_IN_USE, OTHER_RUN, UNLIKE_SHARDS, MISSING_SHARDS, NO_BASE,
    NO_LEGS, NO_ADDRESS, NO_KEY, KEY_IN_CLEAR, LEFT_OUT, NO_PRICE, NO_MLX_SERVER,
    NO_WEIGHTS, NO_PROGRAM, PORT_IN_USE, OTHER_USER, UNTRIED,
)  # fmt: skip
