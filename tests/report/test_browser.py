"""The report in a browser, opened from the disk: nothing fetched, everything seen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinlearn.report import write_report
from tests.report.browser import Browser

pytestmark = pytest.mark.once

# Width over height as shown, relative to that of the picture itself.
_STRETCHED = """[...document.querySelectorAll('figure > img')].map(image => {
  const box = getComputedStyle(image);
  const width = image.clientWidth - parseFloat(box.paddingLeft) - parseFloat(box.paddingRight);
  const height = image.clientHeight - parseFloat(box.paddingTop) - parseFloat(box.paddingBottom);
  return width / height * image.naturalHeight / image.naturalWidth;
})"""
_SHOTS = os.environ.get("SPINLEARN_SCREENSHOTS")


def _program() -> str:
    """Path of Chromium; installed first where that is wanted and possible."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    wanted = os.environ.get("CI") or os.environ.get("SPINLEARN_BROWSER")
    if not wanted:
        pytest.skip("no Chromium; SPINLEARN_BROWSER=1 installs Debian's package as root")
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("no Chromium, and it cannot be installed: needs root and apt-get")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        try:
            subprocess.run(
                ["apt-get", "-q", *arguments],
                check=True,
                capture_output=True,
                timeout=300,
                env={**os.environ, **quiet},
            )
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"Chromium cannot be installed here: {error}")
    return shutil.which("chromium") or pytest.skip("Debian's package has no chromium on the path")


@pytest.fixture(scope="module")
def program() -> str:
    return _program()


@pytest.fixture
def browser(program: str, tmp_path: Path) -> Iterator[Browser]:
    profile = tmp_path / "profile"
    profile.mkdir()
    with Browser(program, profile) as opened:
        yield opened


def _shot(browser: Browser, folder: Path, name: str) -> Path:
    folder = Path(_SHOTS) if _SHOTS else folder
    folder.mkdir(parents=True, exist_ok=True)
    browser.screenshot(folder / name)
    return folder / name


@pytest.mark.parametrize(("name", "width"), [("desktop", 1200), ("phone", 375)])
def test_report_from_disk(
    browser: Browser, stored: Path, tmp_path: Path, name: str, width: int
) -> None:
    page = write_report([stored], tmp_path / "report.html")
    browser.open(page, width, 800)
    sizes = browser.evaluate("[...document.images].map(i => [i.naturalWidth, i.clientWidth])")
    assert len(sizes) >= 6
    assert all(natural > 0 and shown > 0 for natural, shown in sizes)
    stretched = browser.evaluate(_STRETCHED)
    np.testing.assert_allclose(stretched, 1, atol=0.01)
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pixels = np.asarray(Image.open(_shot(browser, tmp_path, f"{name}.png")).convert("L"))
    assert pixels.shape[1] == width
    assert pixels.std() > 10
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []


def test_slider_and_button_move_the_texture(browser: Browser, stored: Path, tmp_path: Path) -> None:
    browser.open(write_report([stored], tmp_path), 1000, 800)
    frame = "document.querySelector('canvas').toDataURL()"
    label = "document.querySelector('output').textContent"
    wait = "new Promise(done => setTimeout(done, {}))"
    browser.evaluate("document.querySelector('.stage img').decode()")
    browser.evaluate(wait.format(50))
    first, text = browser.evaluate(frame), browser.evaluate(label)
    assert browser.evaluate("document.querySelector('canvas').clientWidth") > 100
    browser.evaluate(
        "(s => { s.value = 2; s.dispatchEvent(new Event('input')); })"
        "(document.querySelector('input[type=range]'))"
    )
    assert browser.evaluate(frame) != first
    assert browser.evaluate(label) != text
    assert browser.evaluate(label).endswith("−201 mT")
    browser.evaluate("document.querySelector('button').click()")
    assert browser.evaluate("document.querySelector('button').textContent") == "Pause"
    place = "document.querySelector('input[type=range]').value"
    before = browser.evaluate(place)
    for _ in range(40):
        browser.evaluate(wait.format(250))
        if browser.evaluate(place) != before:
            break
    assert browser.evaluate(place) != before
    browser.evaluate("document.querySelector('button').click()")
    assert browser.evaluate("document.querySelector('button').textContent") == "Play"
    assert browser.complaints() == []


def test_comparison_and_hostile_label_from_disk(
    browser: Browser, stored: Path, other: Path, tmp_path: Path
) -> None:
    page = write_report([stored, other], tmp_path)
    browser.open(page, 1200, 800)
    assert browser.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    _shot(browser, tmp_path, "comparison.png")
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []


def test_page_refuses_what_would_leave_it(browser: Browser, stored: Path, tmp_path: Path) -> None:
    browser.open(write_report([stored], tmp_path), 1000, 800)
    refused = (
        "fetch('https://example.invalid/').then(() => 'sent', () => 'refused')",
        "new Promise(done => { const i = new Image(); i.onload = () => done('sent');"
        " i.onerror = () => done('refused'); i.src = 'https://example.invalid/a.png'; })",
    )
    assert [browser.evaluate(attempt) for attempt in refused] == ["refused", "refused"]
    assert any("Content Security Policy" in str(c) for c in browser.complaints())


def test_without_scripts_the_first_frame_is_shown(
    browser: Browser, stored: Path, tmp_path: Path
) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(write_report([stored], tmp_path), 1000, 800)
    shot = _shot(browser, tmp_path, "without-scripts.png")
    assert np.asarray(Image.open(shot).convert("L")).std() > 10
    assert browser.complaints() == []
