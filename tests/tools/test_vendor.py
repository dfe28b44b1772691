"""The lock of static/vendor holds, and every way to break it is named."""

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from tools import vendor

FOLDER = Path(__file__).parents[2] / "static" / "vendor"


def archive_of(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "vendor"))


def test_the_committed_files_agree_with_the_lock() -> None:
    assert vendor.main(["--check", f"--into={FOLDER}"]) == 0


def test_every_package_brings_its_licence() -> None:
    for pin in vendor.PINS:
        assert any("LICENSE" in name for _, name in pin.files), pin.package


def test_a_changed_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copied(tmp_path)
    (folder / "htm.js").write_text("alert(1)\n")
    assert vendor.main(["--check", f"--into={folder}"]) == 1
    assert "htm.js was changed" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "marked.js").unlink()
    with pytest.raises(vendor.VendorError, match=r"marked\.js is missing"):
        vendor.check(folder, vendor.PINS)


def test_a_file_outside_the_lock_is_named(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "extra.js").write_text("")
    with pytest.raises(vendor.VendorError, match=r"extra\.js is not in"):
        vendor.check(folder, vendor.PINS)


def test_a_pin_moved_without_its_files_is_refused(tmp_path: Path) -> None:
    pins = (vendor.Pin("preact", "0.0.1", "MIT", ()), *vendor.PINS[1:])
    with pytest.raises(vendor.VendorError, match="pinned versions"):
        vendor.check(copied(tmp_path), pins)


def test_a_folder_without_a_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(vendor.VendorError, match=r"vendor\.lock\.json is missing"):
        vendor.check(tmp_path, vendor.PINS)


def test_imports_become_relative_and_source_maps_go(tmp_path: Path) -> None:
    source = b'import{options}from"preact";export default 1;\n//# sourceMappingURL=a.mjs.map\n'
    archive = archive_of(tmp_path / "a.tgz", {"a.mjs": source})
    pin = vendor.Pin("a", "1.0.0", "MIT", (("a.mjs", "a.js"),))
    assert vendor.take(archive, pin) == {
        "a.js": b'import{options}from"./preact.js";export default 1;\n'
    }


def test_an_import_of_something_not_vendored_is_refused() -> None:
    with pytest.raises(vendor.VendorError, match="imports left-pad"):
        vendor.served(b'import pad from"left-pad"', name="a.js")


def test_a_file_the_package_lacks_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tgz", {})
    pin = vendor.Pin("a", "1.0.0", "MIT", (("a.mjs", "a.js"),))
    with pytest.raises(vendor.VendorError, match=r"a@1\.0\.0 has no file a\.mjs"):
        vendor.take(archive, pin)
