"""`vane`: the whole tool at a glance. Each command is a module in compiler/commands, imported when it is asked for."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from compiler.arguments import Commands, add_command, add_format, add_project

GOOD, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3
#: as a shell counts programs that a signal ended: SIGINT, SIGPIPE
INTERRUPTED, UNREAD = 130, 141
#: What `vane` says without a command.
ALONE = ("status",)
#: Commands of other rooms. Their names stand here alone: the compiler imports none of them.
ELSEWHERE = {
    "account": "deploy.account.command",
    "bundle": "deploy.bundle.command",
    "demo": "harness.demo.command",
    "fleet": "deploy.fleet.command",
    "lock": "harness.market.lock_command",
    "market": "harness.market.command",
    "bench": "harness.bench.command",
    "propose": "harness.propose.command",
    "report": "harness.report.command",
    "spend": "harness.market.spend.command",
    "simulate": "harness.market.simulate.command",
    "week": "harness.weekly.command",
}
#: What the commands of other rooms take is said there.
HARNESS = "harness.arguments"
DEPLOY = "deploy.arguments"
REPORT = "https://github.com/weathervane/weathervane/issues"


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="vane",
        description="Compile a team's model-routing policies into what its Macs read.",
        epilog="exit codes: 0 good, 1 findings, 2 usage, 3 internal error",
    )
    top.add_argument("--version", action="version", version=f"vane {version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_compile(commands)
    _add_diff(commands)
    _add_questions(commands)
    _add_lock(commands)
    _add_import(commands)
    _add_init(commands)
    import_module(HARNESS).add(commands)
    _add_account(commands)
    import_module(DEPLOY).add(commands, add_command, add_project)
    _add_reference(commands)
    return top


def _add_compile(commands: Commands) -> None:
    command = add_command(commands, "compile", "compile policies/ into generated/", [
        "vane compile                      write generated/",
        "vane compile --check              exit 1 and show a diff when generated/ is not up to date",
        "vane compile --format github      findings as annotations of a pull request",
    ])  # fmt: skip
    add_project(command)
    add_format(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff if something would change")
    how.add_argument("--dry-run", action="store_true", help="write nothing; list what would change, and exit 0")


def _add_diff(commands: Commands) -> None:
    command = add_command(commands, "diff", "what a change of policies does, in words and in files", [
        "vane diff                         the working tree against where it left the main branch",
        "vane diff v1.4 v1.5               two revisions",
        "vane diff --format markdown       for a comment on a pull request",
        "vane diff --check-safe            exit 1 if it passes the thresholds of market.yaml unacknowledged",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("base", nargs="?", metavar="BASE", help="revision to compare with")
    command.add_argument("head", nargs="?", metavar="HEAD", help="revision to look at (default: the working tree)")
    command.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="(default: text)")
    command.add_argument("--check-safe", action="store_true", help="exit 1 on an unsafe change without acknowledge")


def _add_lock(commands: Commands) -> None:
    command = add_command(commands, "lock", "pin the models that the policies name", [
        "vane lock                                    ask OpenRouter",
        "vane lock --from models-2026-05-22.json      take a saved answer of GET /models",
        "vane lock --mlx ~/models/mlx-community/Qwen3-4B-4bit",
    ])  # fmt: skip
    add_project(command)
    add_format(command)
    command.add_argument("--from", dest="saved", type=Path, metavar="FILE", help="a saved answer of GET /models")
    command.add_argument("--zdr-from", type=Path, metavar="FILE", help="a saved answer of GET /endpoints/zdr")
    command.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")
    command.add_argument(
        "--as-of", metavar="YYYY-MM-DD", help="day of the saved answer; else the date in its file name"
    )
    command.add_argument("--mlx", type=Path, action="append", default=[], metavar="FOLDER",
                         help="an MLX model's folder <author>/<repository>; may be repeated")  # fmt: skip
    command.add_argument("--dry-run", action="store_true", help="write nothing; show what would change")


def _add_reference(commands: Commands) -> None:
    """What the tool says of itself."""
    command = add_command(commands, "status", "where the project stands, and the next command; also `vane` alone", [
        "vane status",
        "vane status -C ~/routing --json",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("--json", action="store_true", help="as a JSON object")

    command = add_command(commands, "doctor", "what is missing on this Mac or at this desk; the article's checklist", [
        "vane doctor                       in the project, or on a Mac",
        "vane doctor --user vane           on an always-on Mac, as root",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("--user", help="on an always-on Mac: the account whose files and jobs its agent keeps")

    command = add_command(commands, "schema", "JSON Schemas of the policy files, for editors", [
        "vane schema                       write policies/.schemas/",
        "vane schema tracks                print one",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("kind", nargs="?", help="print the schema of one kind of policy instead")

    command = add_command(
        commands, "rules", "list everything that a compile can find", ["vane rules", "vane rules --json"]
    )
    command.add_argument("--json", action="store_true", help="as a JSON list")

    command = add_command(commands, "rule", "explain one finding", ["vane rule VN203"])
    command.add_argument("code", help="a code such as VN203, or a name such as unknown-model")
    command.add_argument("--json", action="store_true", help="as a JSON object")

    command = add_command(commands, "help", "a page of the docs, a command's options, or what a finding means", [
        "vane help                         the pages",
        "vane help policies",
        "vane help VN203",
    ])  # fmt: skip
    command.add_argument("topic", nargs="?", metavar="TOPIC", help="a page, a command, or a finding")

    command = add_command(commands, "completion", "shell completion", [
        "vane completion zsh > ~/.zfunc/_vane",
        "vane completion bash > /usr/local/etc/bash_completion.d/vane",
    ])  # fmt: skip
    command.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def _add_import(commands: Commands) -> None:
    command = add_command(commands, "import", "write a first set of policies from what a team has", [
        "vane import ~/.openclaw/openclaw.json                      write policies/; then run vane lock",
        "vane import config.yaml --from-models models-2026-05-22.json   a LiteLLM proxy; writes the lock as well",
        "vane import skeleton.json --lock-from models.lock.json     the article's tracks, with slugs put right",
        "vane import openclaw.json --dry-run                        print what would be written",
    ])  # fmt: skip
    add_project(command)
    add_format(command)
    command.add_argument("file", type=Path, metavar="FILE",
                         help="an openclaw.json, a LiteLLM config.yaml, or the article's skeleton")  # fmt: skip
    command.add_argument("-o", dest="output", type=Path, metavar="FOLDER", help="where to write (default: policies/)")
    _add_known_models(command)
    command.add_argument(
        "--as-of", metavar="YYYY-MM-DD", help="day of the saved answer; else the date in its file name"
    )
    command.add_argument("--force", action="store_true", help="replace policies that are there")
    command.add_argument("--dry-run", action="store_true", help="write nothing; print what would be written")


def _add_known_models(command: argparse.ArgumentParser) -> None:
    command.add_argument("--lock-from", type=Path, metavar="FILE", help="a lock that knows the models and their prices")
    command.add_argument("--from-models", type=Path, metavar="FILE",
                         help="a saved answer of GET /models; the lock is then written too")  # fmt: skip


def _add_init(commands: Commands) -> None:
    command = add_command(commands, "init", "a team's repository, from nothing or from an openclaw.json", [
        "vane init                                  asks five questions, on a terminal",
        "vane init --from ~/.openclaw/openclaw.json",
        "vane init -C routing --owner acme --laptops air-ana,air-ben --gateway https://studio.acme.example --cap 800",
        "vane init --dry-run                        what it would write",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("--from", metavar="FILE", help="begin with its routes, as vane import reads them")
    command.add_argument("--owner", metavar="NAME", help="the organization on GitHub")
    command.add_argument("--laptops", metavar="NAMES", help="names of the team's laptops, with commas between them")
    command.add_argument("--gateway", metavar="URL", help="https address of the Mac that never sleeps")
    command.add_argument("--cap", metavar="USD", help="what the dear models may cost in a month")
    _add_known_models(command)
    command.add_argument("--dry-run", action="store_true", help="write nothing; list what would be written")


def _add_questions(commands: Commands) -> None:
    """Commands that ask about the compiled result and write nothing."""
    command = add_command(commands, "explain", "a scenario's route, who decided it, and all that it can reach", [
        "vane explain batch                      on every machine that takes it up",
        "vane explain ide-assist --machine air-ana",
        "vane explain security-audit --json",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("scenario", help="name of a scenario")
    command.add_argument("--machine", metavar="NAME", help="only what it reaches on this machine")
    command.add_argument("--json", action="store_true", help="as a JSON object")

    command = add_command(commands, "why", "which policy line decided one value of one file in generated/", [
        "vane why openclaw.json agents.entries.batch.model.primary",
        "vane why machines/studio/openclaw.json 'models.providers[\"openrouter-dollar\"].apiKey.id'",
        "vane why cursor/settings.json 'aliases[0].models[1]' --machine air-ana",
        "vane why launchd/ai.weathervane.mlx.plist 'ProgramArguments[9]'",
    ])  # fmt: skip
    add_project(command)
    command.add_argument("file", help="a path inside generated/, with or without contingency and machine")
    command.add_argument("path", help='a path to a value, such as a.b["c/d"].e[0]')
    command.add_argument("--machine", metavar="NAME", help="only for this machine")

    command = add_command(commands, "test", "run policies/tests.yaml: what must stay true of the compiled result", [
        "vane test",
        "vane test --format github        failures as annotations of a pull request",
    ])  # fmt: skip
    add_project(command)
    add_format(command)

    command = add_command(commands, "verify", "hold files on disk against the blocks, whoever wrote them", [
        "vane verify                                              all of generated/",
        "vane verify generated/machines/studio/openclaw.json",
        "vane verify ~/.openclaw/openclaw.json --machine studio   what a Mac really has",
    ])  # fmt: skip
    add_project(command)
    add_format(command)
    command.add_argument("files", nargs="*", type=Path, metavar="FILE",
                         help="files of one machine; each stands in for the compiled one of the same name")  # fmt: skip
    command.add_argument("--machine", metavar="NAME",
                         help="whose the files are; else their path must say it: machines/NAME/…")  # fmt: skip


def _add_account(commands: Commands) -> None:
    """The command that brings the team's OpenRouter account to what generated/openrouter/ says."""
    command = add_command(commands, "account", "the team's OpenRouter account: keys, guardrails, presets", [
        "vane account plan                               what would change; changes nothing",
        "vane account plan --check                       exit 1 if something would change",
        "vane account plan --out account.plan            keep the plan",
        "vane account apply account.plan --secrets-to ~/.config/weathervane/new-keys",
        "vane account apply --allow-delete               plan, show, ask, apply",
    ])  # fmt: skip
    steps = command.add_subparsers(dest="account", required=True, metavar="plan|apply")
    plan = add_command(steps, "plan", "compare the account with generated/openrouter/ and show what would change", [
        "vane account plan",
        "vane account plan --check --json",
    ])  # fmt: skip
    plan.add_argument("--out", type=Path, metavar="FILE", help="keep the plan, for `vane account apply FILE`")
    plan.add_argument("--json", action="store_true", help="as a JSON object")
    plan.add_argument("--check", action="store_true", help="exit 1 if something would change")
    apply = add_command(steps, "apply", "do what the plan says, and nothing else", [
        "vane account apply                              plan, show, ask, apply",
        "vane account apply account.plan                 exactly this plan, if the account is still the same",
        "vane account apply --yes --secrets-to -         secrets of new keys alone on standard output",
    ])  # fmt: skip
    apply.add_argument("plan", nargs="?", type=Path, metavar="PLAN", help="what `vane account plan --out` kept")
    apply.add_argument("--yes", action="store_true", help="do not ask")
    apply.add_argument("--allow-delete", action="store_true", help="also do what deletes")
    apply.add_argument("--secrets-to", metavar="FILE|-",
                       help="for secrets of new keys: a new file outside repositories, or standard output")  # fmt: skip
    for step in (plan, apply):
        add_project(step)
        step.add_argument("--api", metavar="URL", help="another address of the API, for tests and proxies")


def version() -> str:
    """Version of the installed tool."""
    from compiler import VERSION

    return VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a character must not end the run
            stream.reconfigure(errors="backslashreplace")
    asked = parser().parse_args((sys.argv[1:] if arguments is None else arguments) or ALONE)
    if sys.stdout is None:  # closed by the shell: `>&-`
        sys.stdout = io.StringIO()
    try:
        outcome = int(import_module(ELSEWHERE.get(asked.command, f"compiler.commands.{asked.command}")).run(asked))
        sys.stdout.flush()
        return outcome
    except BrokenPipeError:  # `vane rules | head`: nobody reads on. It is no success: the rest of a check went unread
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except KeyboardInterrupt:
        print("vane: interrupted; files are whole, run it again", file=sys.stderr)
        return INTERRUPTED
    except ModuleNotFoundError as error:
        return _incomplete(error, asked.command)
    except OSError as error:
        return _refused_by_the_system(error, getattr(asked, "format", "text"))
    except Exception as error:
        return _internal(error, asked.command)


def _refused_by_the_system(error: OSError, format: str) -> int:
    """A full disk, a missing permission: a finding as well, so that programs which read our output see it."""
    from compiler.diagnostics import Place
    from compiler.formats import FORMATS, one_line
    from compiler.on_disk import REFUSED_BY_SYSTEM

    where, why = str(error.filename or ""), str(error.strerror or error)
    print(one_line(f"vane: {where}{': ' if where else ''}{why}"), file=sys.stderr)
    if format not in ("text", "markdown") and format in FORMATS:
        found = REFUSED_BY_SYSTEM.at(Place(one_line(where) or "."), one_line(why))
        sys.stdout.write(FORMATS[format]((found,), {}))
    return FINDINGS


def _incomplete(error: ModuleNotFoundError, command: str) -> int:
    """The weekly job's packages are an extra of their own: a compile does without them."""
    missing, room = (error.name or "").partition(".")[0], ELSEWHERE.get(command, "").partition(".")[0]
    if room != "harness" or missing in ("", "compiler", "harness", "deploy"):
        return _internal(error, command)
    print(f"vane: `vane {command}` needs {missing}: install 'weathervane[harness]'", file=sys.stderr)
    return FINDINGS


def _internal(error: Exception, command: str) -> int:
    import traceback

    from compiler.redact import redact

    print(redact("".join(traceback.format_exception(error))), file=sys.stderr)
    print(f"vane {version()}: internal error in `vane {command}`. This is our fault, not yours.", file=sys.stderr)
    print(f"Please report it with the text above: {REPORT}", file=sys.stderr)
    return INTERNAL


if __name__ == "__main__":
    sys.exit(main())
