"""The report: one HTML file per run, or one that sets several runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from spinlearn.errors import SpinlearnValueError

_DPI = 300


def write_report(paths: Sequence[str | Path], output: str | Path | None = None) -> Path:
    """Write a report of a run, of several side by side, or of a sweep into one HTML file (no unit).

    The file holds its figures and needs no network. A run that is not finished is reported as far
    as it is. The same runs give the same file, byte by byte.

    Parameters
    ----------
    paths
        Folders of the runs, or of one sweep.
    output
        The file, if it ends in ``.html`` or ``.htm``, or a folder for it. By default
        ``report.html`` in the run's own folder, or ``comparison.html`` in the current one for
        several runs.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpinlearnValueError
        If no run is named, or a sweep among others.
    StoreError
        If a run cannot be read or the file cannot be written.

    Examples
    --------
    >>> write_report(["nowhere"])
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: nowhere: no such folder. Start one with 'spinlearn run'.
    """
    from spinlearn.report._comparison import comparison_page
    from spinlearn.report._single import run_page
    from spinlearn.report._sweep_page import sweep_page
    from spinlearn.report._view import view_run
    from spinlearn.runs import SweepResult
    from spinlearn.runs._files import write_text

    folders = _checked(paths)
    if _is_sweep(folders):
        text = sweep_page(SweepResult(folders[0]))
    elif len(folders) == 1:
        text = run_page(view_run(folders[0]))
    else:
        text = comparison_page([view_run(folder) for folder in folders])
    target = _target(folders, output)
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, text)
    return target


def write_figures(paths: Sequence[str | Path], folder: str | Path | None = None) -> list[Path]:
    """Write the figures of the report alone, as PNG at 300 dots per inch (no unit).

    Parameters
    ----------
    paths
        Folders of the runs: of one its own figures, of several those that compare them. Or the
        folder of one sweep.
    folder
        Where they go; by default ``figures`` in the run's own folder, or ``comparison-figures``
        in the current one for several runs.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    SpinlearnValueError
        If no run is named, or a sweep among others.
    StoreError
        If a run cannot be read or a file cannot be written.

    Examples
    --------
    >>> write_figures([])
    Traceback (most recent call last):
    ...
    spinlearn.errors.SpinlearnValueError: paths = []: allowed is ...
    """
    from spinlearn.report._comparison import compared_pictures
    from spinlearn.report._pictures import png_bytes
    from spinlearn.report._single import run_pictures
    from spinlearn.report._sweep_page import pictures_of_sweep
    from spinlearn.report._view import view_run
    from spinlearn.runs import SweepResult
    from spinlearn.runs._files import write_file

    folders = _checked(paths)
    alone = len(folders) == 1
    if _is_sweep(folders):
        pictures = pictures_of_sweep(SweepResult(folders[0]))
    elif alone:
        pictures = run_pictures(view_run(folders[0]))
    else:
        pictures = compared_pictures([view_run(path) for path in folders])
    if folder is None:
        folder = folders[0] / "figures" if alone else "comparison-figures"
    target, written = Path(folder), []
    with _writing(target):
        target.mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            content = png_bytes(picture.figure, _DPI)
            path = target / f"{picture.name}.png"
            write_file(path, lambda file, content=content: file.write(content))
            written.append(path)
    return written


def write_reproduction(runs: Mapping[str, str | Path], output: str | Path) -> Path:
    """Write one HTML file that sets every published claim beside these runs' numbers (no unit).

    Parameters
    ----------
    runs
        Folders of runs by the names of their specifications.
    output
        The file; its links to the runs' own reports hold as long as they are not moved apart.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StoreError
        If a run cannot be read or the file cannot be written.

    Examples
    --------
    >>> write_reproduction({"yu2021": "nowhere"}, "all.html")
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: nowhere: no such folder. Start one with 'spinlearn run'.
    """
    from spinlearn.report._reproduction import reproduction_page
    from spinlearn.report._view import view_run
    from spinlearn.runs._files import write_text

    target = Path(output)
    folders = {name: Path(path) for name, path in runs.items()}
    views = {name: view_run(path) for name, path in folders.items()}
    text = reproduction_page(views, {name: _link(path, target) for name, path in folders.items()})
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, text)
    return target


def _link(folder: Path, target: Path) -> str | None:
    """A run's own report, as it is found from a file; None where there is none."""
    own = folder.resolve() / "report.html"
    if not own.is_file():
        return None
    try:
        return own.relative_to(target.resolve().parent).as_posix()
    except ValueError:
        return own.as_uri()


def _is_sweep(folders: list[Path]) -> bool:
    """Whether it is one sweep; sweeps are not set beside other things."""
    from spinlearn.runs._sweep_store import SweepStore

    sweeps = [folder for folder in folders if SweepStore.exists(folder)]
    if sweeps and len(folders) > 1:
        raise SpinlearnValueError(
            "paths", str(sweeps[0]), "runs, or one sweep alone", "Report the sweep by itself."
        )
    return bool(sweeps)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Say what a report needs, which is not what a run needs, where the disk is full or closed."""
    from spinlearn.runs import StoreError

    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise StoreError(
            f"cannot write to {target}: {reason}. Make room, or give another place with --output; "
            "the runs are as they were."
        ) from error


def _checked(paths: Sequence[str | Path]) -> list[Path]:
    folders = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    if not folders:
        raise SpinlearnValueError(
            "paths", [], "one or more folders of runs", "Give what 'spinlearn run' has written."
        )
    return folders


def _target(folders: list[Path], output: str | Path | None) -> Path:
    alone = len(folders) == 1
    name = "report.html" if alone else "comparison.html"
    if output is None:
        return folders[0] / name if alone else Path(name)
    given = Path(output)
    return given if given.suffix.lower() in (".html", ".htm") else given / name
