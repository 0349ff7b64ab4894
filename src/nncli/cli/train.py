"""``nncli train``: from a config to a model."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.cli.config_words import complete_optimizer, settings_option
from nncli.cli.messages import say
from nncli.cli.progress import MODES, Progress
from nncli.cli.together import together
from nncli.data.layout.words import ARCHIVES, TABLES
from nncli.errors import UsageError
from nncli.machine.ranks import ALONE
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.cli.training_session import TrainingSession
    from nncli.config import ConfigFile, Override
    from nncli.machine.ranks import Ranks
    from nncli.run.hooks import Hooks
    from nncli.run.plan import Plan

SHORT_FORMS = {
    "data": "data.path",
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "lr": "training.learning_rate",
    "optimizer": "training.optimizer",
    "seed": "training.seed",
    "backend": "training.backend",
}
"""Option of the command line -> key of the config."""

DATA_SUFFIXES = (*ARCHIVES, *TABLES, ".npz", ".npy", ".h5", ".hdf5", ".mat")
"""Names of files that hold images or name them, and are no config."""


def _help(ranks: Ranks) -> None:
    from nncli.cli.progress import OwnNotes
    from nncli.run.pipeline import help_run

    help_run(ranks, OwnNotes())


@click.command(short_help="Train a network; print the path of the model.")
@click.argument("config", metavar="[CONFIG|FOLDER]", required=False, type=click.Path(path_type=Path))
@settings_option
@click.option("--data", metavar="DIR", help="Short for --set data.path=DIR.")
@click.option("--epochs", metavar="N", help="Short for --set training.epochs=N.")
@click.option("--batch-size", metavar="N|full", help="Short for --set training.batch_size=N.")
@click.option("--lr", metavar="RATE", help="Short for --set training.learning_rate=RATE.")
@click.option(
    "--optimizer", metavar="NAME", shell_complete=complete_optimizer, help="Short for --set training.optimizer=NAME."
)
@click.option("--seed", metavar="N", help="Short for --set training.seed=N.")
@click.option("--backend", metavar="NAME", help="Short for --set training.backend=NAME: numpy, or cupy on a GPU.")
@click.option("--watch", is_flag=True, help="Short for --set training.watch=on: record what the layers are like.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Run directory [default: runs/CONFIG-N]."
)
@click.option("--force", is_flag=True, help="Replace the run in --out.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="",
    metavar="[RUN]",
    help="Resume RUN, or the latest run [of CONFIG].",
)
@click.option("--dry-run", is_flag=True, help="Check everything and print the plan, as `nncli check` does.")
@click.option(
    "--progress", type=click.Choice(MODES), default="auto", show_default=True, help="Progress display on stderr."
)
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object a line, instead of the path.")
@together.helped_by(_help)
def command(
    config: Path | None,
    settings: tuple[str, ...],
    watch: bool,
    out: Path | None,
    force: bool,
    resume: str | None,
    dry_run: bool,
    progress: str,
    as_json: bool,
    **short: str | None,
) -> None:
    """Train a network as CONFIG says, or on FOLDER as `init` would, and print the path of the model.

    \b
    Examples:
      nncli train configs/digits.yaml
      nncli train photos             does nncli init photos -o photos.yaml first
      nncli train photos.yaml --lr 0.01 --set network.layer_dims=[auto,32,auto]
      model=$(nncli train photos.yaml) && nncli predict -m "$model" photo.jpg
      nncli train --resume runs/photos-1 --epochs 200
      mpiexec -n 4 nncli train photos.yaml   four processes (docs/scaling.md)

    Everything a run writes goes to its directory: model.npz, last.npz, config.yaml, history.csv, metrics.json,
    predictions.csv, confusion_matrix.csv. Ctrl-C finishes the batch, saves, and prints how to resume.
    """  # fmt: skip
    overrides = _overrides((*settings, *(["training.watch=on"] if watch else [])), short)
    if resume is not None:
        if config is None and resume.endswith((".yaml", ".yml")):  # `--resume c.yaml` means the latest run of c.yaml
            config, resume = Path(resume), ""
        if out is not None or force or dry_run:
            raise UsageError("--resume goes on in the run's own directory: leave out --out, --force and --dry-run")
        directory = Path(resume) if resume else _latest_run(config)
        _session(progress, directory, as_json=as_json).run(lambda _hooks: _resumed(directory, config, overrides))
        return
    if config is None:
        raise UsageError("train needs a config, for example: nncli train config.yaml")
    from nncli.config import load_config

    if config.is_dir() or _is_data(config):
        config_file = _started(config, overrides, progress, writes=not dry_run)
    else:
        config_file = load_config(config, overrides)  # its errors do not wait for NumPy
    if dry_run:
        from nncli.cli.check import show_plan

        if together.ranks:
            raise UsageError("--dry-run is work for one process: leave out the MPI launcher")
        show_plan(config_file, progress)
        return
    _session(progress, None, as_json=as_json).run(lambda hooks: _new(config_file, hooks), out, force=force)


def _is_data(path: Path) -> bool:
    """Whether a file holds images or names them: by its name, which for .json may be a config's, too."""
    if path.suffix.lower() != ".json":
        return path.name.lower().endswith(DATA_SUFFIXES)
    try:
        with path.open("rb") as file:
            return file.read(100).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError:
        return False


def _session(progress: str, resume: Path | None, *, as_json: bool) -> TrainingSession:
    from nncli.cli.training_session import TrainingSession

    return TrainingSession(progress, resume, as_json=as_json, ranks=together.ranks or ALONE)


def _started(data: Path, overrides: Sequence[Override], progress: str, *, writes: bool) -> ConfigFile:
    """The config that `init` writes for `data`, where there is none of that name yet.

    Raises:
        UsageError: There is one, for other data.
    """
    from nncli.config import load_config, parse_config
    from nncli.machine.atomic_file import write_text_atomically
    from nncli.run.starter_config import Starter

    shown, resolved = printable(str(data)), data.resolve()
    name = resolved.parent.name if "*" in resolved.name else resolved.name.partition(".")[0]
    path = Path(f"{name or 'config'}.yaml")
    if path.exists():
        config_file = load_config(path, overrides)
        if load_config(path).config.data.path != resolved:
            hint = f"nncli init {shlex.quote(str(data))} -o other.yaml"
            raise UsageError(f"{shown}: no config, and {printable(str(path))} is about other data; {hint}")
        say(f"{shown} is no config; training with {printable(str(path))}, which is about it")
        return config_file
    text = Starter.of(str(data), Progress(progress).on_trying).text(path)
    config_file = parse_config(text, path, overrides)
    if writes:
        write_text_atomically(path, text)
        folder, written = shlex.quote(str(data)), shlex.quote(str(path))
        commands = f"nncli init {folder} -o {written}; nncli train {written}"
        say(f"{shown} is no config; as by: {printable(commands)}")
    return config_file


def _overrides(settings: Sequence[str], short: dict[str, str | None]) -> list[Override]:
    from nncli.config import Override, parse_override

    overrides = [parse_override(text) for text in settings]
    for name, value in short.items():
        if value is not None:
            origin = f"--{name.replace('_', '-')} {value}"
            overrides.append(Override(SHORT_FORMS[name], value, origin, is_literal=name == "data"))
    return overrides


def _latest_run(config: Path | None) -> Path:
    from nncli.run.directory import latest_run

    directory = latest_run(config.stem if config else None)
    if directory is None:
        raise UsageError(
            f"there is no run{f' of {config.stem}' if config else ''} in runs/ to resume; name its directory"
        )
    return directory


def _new(config_file: ConfigFile, hooks: Hooks) -> Plan:
    from nncli.run.plan import plan_experiment

    return plan_experiment(config_file, on_trying=hooks.on_trying, ranks=together.ranks or ALONE)


def _resumed(directory: Path, config: Path | None, overrides: list[Override]) -> Plan:
    from nncli.run.resuming import plan_resumed

    return plan_resumed(directory, config, overrides, together.ranks or ALONE)
