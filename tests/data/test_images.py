"""Pictures: every kind of file to the pixels that it shows, and a name and a reason for each one that cannot be read."""

import io
import os
import pathlib
import struct
import warnings
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data.kinds import _cells, _images, _jpegs, _pixels, _resize

RNG = np.random.default_rng(0)
SMOOTH = np.asarray(
    Image.fromarray(RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(
        (80, 60), Image.Resampling.BICUBIC
    )
)


@pytest.fixture
def put(tmp_path):
    """Save a picture, and give its path."""

    def save(pixels, name="a.png", **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(pixels, bytes):
            path.write_bytes(pixels)
        else:
            image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
            image.save(path, **options)
        return str(path)

    return save


@pytest.fixture
def folder(put, tmp_path):
    """A folder with two classes of two pictures each."""
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/10.png"):
        put(SMOOTH, f"root/{name}")
    return tmp_path / "root"


def jpeg(pixels=SMOOTH, **options):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", **options)
    return content.getvalue()


def zeroed(content, count=40):
    """A file with so many bytes in its middle set to zero."""
    middle = len(content) // 2
    return content[:middle] + bytes(count) + content[middle + count :]


# ------------------------------------------------------------------ modes and formats
@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "webp", "gif", "ppm"])
def test_a_file_without_loss_gives_its_pixels(put, ending):
    pixels = SMOOTH if ending != "gif" else np.stack([SMOOTH[:, :, 0] // 64 * 64] * 3, axis=2)
    path = put(pixels, f"a.{ending}", **({"lossless": True} if ending == "webp" else {}))
    np.testing.assert_array_equal(data.load_image(path), pixels)


def test_a_file_is_told_by_its_content_not_its_name(put):
    path = put(jpeg(quality=95), "a.png")
    assert data.image_info(path).format == "JPEG"
    assert data.load_image(path).shape == (60, 80, 3)


def test_grey_is_the_luma_of_bt_601(put):
    expected = SMOOTH @ np.array([0.299, 0.587, 0.114])
    grey = data.load_image(put(SMOOTH), colour="grey")
    assert grey.shape == (60, 80, 1)
    assert np.abs(grey[:, :, 0] - expected).max() <= 1
    assert (
        np.abs(
            data.load_image(put(jpeg(quality=100, subsampling=0), "a.jpg"), colour="grey")[:, :, 0] - expected
        ).max()
        <= 4
    )


def test_a_grey_file_fills_all_channels(put):
    assert (data.load_image(put(SMOOTH[:, :, 0])) == SMOOTH[:, :, :1]).all()


def test_16_bits_are_divided_by_257(put):
    deep = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) * 13
    expected = np.rint(deep / 257)
    for name in ("a.png", "a.tif", "a.pgm"):
        np.testing.assert_array_equal(data.load_image(put(deep, name), colour="grey")[:, :, 0], expected)
    np.testing.assert_array_equal(data.load_image(deep, colour="grey")[:, :, 0], expected)


def test_12_bits_of_a_tiff_use_the_whole_range():
    image = Image.fromarray(np.array([[0, 4095]], np.uint16))
    image.tag_v2 = {258: (12,)}
    assert np.asarray(_pixels.plain(image, "grey")).tolist() == [[0, 255]]


def test_transparent_pixels_are_laid_over_white(put):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, :2, 3] = 255
    pixels[:, 2, 3] = 51  # a fifth of black over white
    shown = [0, 0, 204, 255]
    assert data.load_image(put(pixels))[0, :, 0].tolist() == shown
    assert data.load_image(pixels)[0, :, 1].tolist() == shown
    assert data.load_image(put(pixels[:, :, 2:], "la.png"), colour="grey")[0, :, 0].tolist() == shown


def test_a_transparent_colour_of_a_palette_is_white(put):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    assert data.load_image(put(image, "p.png"))[0].tolist() == [[10, 20, 30], [40, 50, 60]]
    assert data.load_image(put(image, "t.png", transparency=0))[0].tolist() == [[255] * 3, [40, 50, 60]]


def test_cmyk_follows_the_plain_formula(put):
    cmyk = Image.new("CMYK", (2, 2), (255, 0, 128, 0))
    assert data.load_image(put(cmyk, "a.tif"))[0, 0].tolist() == [0, 255, 127]
    assert data.load_image(put(cmyk, "a.tif"), colour="grey")[0, 0].tolist() == [
        int(255 * 0.587 + 127 * 0.114)
    ]


def test_of_an_animation_the_first_frame_is_taken(put):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = put(frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert data.load_image(path)[0, 0].tolist() == [255, 0, 0]
    assert data.image_info(path).frames == 2


def test_a_32_bit_file_is_refused_since_its_range_is_unknown(put):
    with pytest.raises(InputError, match=r"a\.tif: expected pixels of 1, 8, 12 or 16 bits, got 32-bit whole"):
        data.load_image(put(Image.new("I", (2, 2), 70_000), "a.tif"))


def test_a_float_file_holds_0_to_1(put):
    assert data.load_image(put(Image.new("F", (2, 2), 0.2), "a.tif"))[0, 0].tolist() == [51] * 3
    with pytest.raises(InputError, match=r"b\.tif: expected floats from 0 to 1, got values from 200 to 200"):
        data.load_image(put(Image.new("F", (2, 2), 200.0), "b.tif"))


# ------------------------------------------------------------------ upright
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_a_picture_is_turned_upright_before_it_is_resized(put, orientation, name):
    names = [
        "FLIP_LEFT_RIGHT",
        "ROTATE_180",
        "FLIP_TOP_BOTTOM",
        "TRANSPOSE",
        "ROTATE_90",
        "TRANSVERSE",
        "ROTATE_270",
    ]
    back = {
        i: Image.Transpose[name] for i, name in enumerate(names, start=2)
    }  # the turns that undo the stated ones
    stored = Image.fromarray(SMOOTH)
    stored = stored.transpose(back[orientation]) if orientation > 1 else stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = put(stored, name, exif=exif, **({"quality": 95} if name[2:] in ("jpg", "webp") else {}))
    info = data.image_info(path)
    assert (info.height, info.width) == (60, 80)
    difference = data.load_image(path).astype(int) - SMOOTH
    assert np.abs(difference).mean() < 4
    small = data.load_image(path, size=(15, 20)).astype(int)
    assert np.abs(small - data.load_image(SMOOTH, size=(15, 20))).mean() < 4


def test_a_damaged_note_of_the_camera_leaves_the_pixels(put):
    path = put(Image.fromarray(SMOOTH), "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert data.load_image(path).shape == SMOOTH.shape


# ------------------------------------------------------------------ resizing
def plain_resize(pixels, height, width):
    """Whole blocks averaged, then bilinear, in floating point."""
    down, across = (max(1, n // m) for n, m in zip(pixels.shape, (height, width), strict=False))
    cut = pixels[: pixels.shape[0] // down * down, : pixels.shape[1] // across * across].astype(float)
    small = cut.reshape(cut.shape[0] // down, down, cut.shape[1] // across, across, -1).mean(axis=(1, 3))
    places = [
        np.clip((np.arange(m) + 0.5) * (n / step / m) - 0.5, 0, len_ - 1)
        for n, m, step, len_ in zip(pixels.shape, (height, width), (down, across), small.shape, strict=False)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    return np.stack(
        [ndimage.map_coordinates(small[:, :, c], grid, order=1) for c in range(small.shape[2])], axis=2
    )


@pytest.mark.parametrize(
    "size",
    [(60, 80), (30, 40), (15, 20), (47, 53), (59, 80), (90, 200), (60, 20), (1, 1), (200, 1), (20, 79)],
)
@pytest.mark.parametrize("colour", ["rgb", "grey"])
def test_a_picture_is_averaged_in_blocks_and_then_bilinear(size, colour):
    pixels = data.load_image(SMOOTH, colour=colour)
    result = data.load_image(SMOOTH, size=size, colour=colour)
    assert np.abs(result - plain_resize(pixels, *size)).max() <= 2  # fixed point: three roundings
    assert np.abs(result - plain_resize(pixels, *size)).mean() < 0.6


def test_a_picture_that_lies_in_several_pieces_of_memory_is_resized_alike(monkeypatch):
    expected = data.load_image(SMOOTH, size=(47, 53))

    def refuse(_):
        raise ValueError("Image is in multiple array blocks")

    monkeypatch.setattr(_resize.pa, "array", refuse)
    np.testing.assert_array_equal(data.load_image(SMOOTH, size=(47, 53)), expected)


@pytest.mark.parametrize(
    ("size", "rule"), [((20, 70), "crop"), ((90, 50), "pad"), ((7, 200), "crop"), ((45, 80), "pad")]
)
def test_a_picture_is_cropped_or_padded_around_its_middle(size, rule):
    height, width = size
    scale = (max if rule == "crop" else min)(height / 60, width / 80)
    inner = max(1, round(60 * scale)), max(1, round(80 * scale))
    whole = data.load_image(SMOOTH, size=inner)
    expected = np.zeros((*size, 3), np.uint8)
    top, left = abs(height - inner[0]) // 2, abs(width - inner[1]) // 2
    if rule == "pad":
        expected[top : top + inner[0], left : left + inner[1]] = whole
    else:
        expected[:] = whole[top : top + height, left : left + width]
    np.testing.assert_array_equal(data.load_image(SMOOTH, size=size, resize=rule), expected)


def test_a_jpeg_that_is_shrunk_while_decoded_looks_like_one_shrunk_afterwards(put):
    large = np.asarray(Image.fromarray(SMOOTH).resize((640, 480), Image.Resampling.BICUBIC))
    path = put(jpeg(large, quality=95), "a.jpg")
    for rule in _images.RESIZE:
        quick = data.load_image(path, size=(60, 70), resize=rule).astype(int)
        slow = data.load_image(data.load_image(path), size=(60, 70), resize=rule)
        assert np.abs(quick - slow).mean() < 1.5


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}])
@pytest.mark.parametrize(("colour", "mode"), [("rgb", "RGB"), ("grey", "L")])
def test_a_jpeg_has_the_pixels_that_pillow_decodes(put, options, colour, mode):
    content = jpeg(np.tile(SMOOTH, (3, 3, 1))[:171, :229], quality=80, **options)
    path = put(content, "a.jpg")
    for size in (None, (85, 114), (86, 115), (42, 57), (20, 26)):
        image = Image.open(io.BytesIO(content))
        drafted = image.draft(mode, size[::-1] if size else None)
        pixels = np.asarray(image).reshape(*image.size[::-1], -1)
        expected = _resize.resized(image, size, drafted[1][:1:-1] if drafted else None) if size else pixels
        np.testing.assert_array_equal(data.load_image(path, size=size, colour=colour), expected)


@pytest.mark.parametrize("pixels", [SMOOTH[..., 0], SMOOTH])
def test_a_jpeg_of_colour_or_grey_gives_either(put, pixels):
    path = put(jpeg(pixels, quality=95), "a.jpg")
    expected = np.asarray(Image.open(path).convert("RGB"))
    assert (data.load_image(path) == expected).all()
    assert np.abs(data.load_image(path, colour="grey")[..., 0] - expected @ [0.299, 0.587, 0.114]).max() <= 4


def test_only_a_jpeg_of_colour_or_grey_without_notes_goes_past_pillow(put, tmp_path):
    for content in (jpeg(), jpeg(SMOOTH[..., 0]), jpeg(progressive=True)):
        assert _jpegs.upright(put(content, "a.jpg")) == (content, 60, 80)
    exif = Image.Exif()
    exif[0x0112] = 6
    cmyk = put(Image.new("CMYK", (8, 8)), "cmyk.jpg")
    noted = put(jpeg(exif=exif.tobytes()), "noted.jpg")
    broken = [put(jpeg()[:n], f"{n}.jpg") for n in (0, 2, 3, 20, 300)]
    for path in (cmyk, noted, *broken, put(SMOOTH), str(tmp_path), str(tmp_path / "no.jpg"), "a\0b"):
        assert _jpegs.upright(path) is None
    assert data.load_image(noted).shape == (80, 60, 3)


@pytest.mark.parametrize("eighths", [3, 5, 6, 7])
def test_a_jpeg_of_which_eighths_are_asked_for_is_decoded_to_just_that_size(put, eighths):
    large = np.asarray(Image.fromarray(SMOOTH).resize((640, 480), Image.Resampling.BICUBIC))
    path = put(jpeg(large, quality=95), "a.jpg")
    size = 480 * eighths // 8, 640 * eighths // 8
    by_area = Image.open(path).resize(size[::-1], Image.Resampling.BOX)
    assert np.abs(data.load_image(path, size=size) - np.asarray(by_area, int)).mean() < 1


@pytest.mark.parametrize("side", [1, 2, 3, 7, 8, 9, 15])
def test_a_tiny_jpeg_has_the_size_asked_for(put, side):
    path = put(jpeg(SMOOTH[:side, :9]), "a.jpg")
    for size in ((1, 1), (side, 9), (2, 3)):
        near = _resize.resized(Image.open(path), size)
        assert np.abs(data.load_image(path, size=size).astype(int) - near).mean() < 6


def test_a_picture_of_the_right_size_is_not_touched():
    np.testing.assert_array_equal(data.load_image(SMOOTH, size=(60, 80), resize="crop"), SMOOTH)


# ------------------------------------------------------------------ arrays
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (np.array([[0, 255]], np.uint8), [0, 255]),
        (np.array([[0.0, 0.2]]), [0, 51]),
        (np.array([[0.0, 1.0]], np.float16), [0, 255]),
        (np.array([[False, True]]), [0, 255]),
        (np.array([[257, 65535]], np.uint16), [1, 255]),
        (np.array([[257, 65535]], ">u2"), [1, 255]),
        (np.array([[7, 255]]), [7, 255]),
        (np.array([[[7], [8]]], np.uint8), [7, 8]),
    ],
)
def test_an_array_is_read_by_its_type(cell, expected):
    assert data.load_image(cell, colour="grey")[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            np.array([[0.0, 200.0]]),
            r"expected floats from 0 to 1, got values from 0 to 200\. Divide by their largest",
        ),
        (np.array([[0, np.nan]]), r"expected floats from 0 to 1, got missing values \(NaN\)"),
        (np.array([[-1, 5]]), r"expected whole numbers from 0 to 255, got values from -1 to 5\. Scale them"),
        (np.zeros((3, 5, 6)), r"shape \(3, 5, 6\)\. Move the channels to the end: np\.moveaxis"),
        (np.zeros((0, 6)), r"expected an array \(height, width\).*got shape \(0, 6\)"),
        (np.zeros(6), r"got shape \(6,\)"),
        (np.array([["a"]]), r"expected an array of numbers, got type <U1"),
        (None, r"expected a path or an array, got a missing value\. Fill the cell"),
        (float("nan"), r"got a missing value"),
        (5, r"expected a path or a numpy array, got int"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(cell, message):
    with pytest.raises(InputError, match=message):
        data.load_image(cell)


# ------------------------------------------------------------------ damaged files
def test_each_kind_of_bad_file_is_named_with_its_reason(put, tmp_path):
    png = pathlib.Path(put(SMOOTH)).read_bytes()
    cases = {
        "empty.png": (b"", r"empty\.png: expected a picture, got an empty file \(0 bytes\)"),
        "text.png": (
            b"hello, I am text",
            r"text\.png: expected a picture, got a file that no picture starts like",
        ),
        "cut.png": (
            png[: len(png) // 2],
            r"cut\.png: expected a whole picture, got a truncated or damaged one",
        ),
        "cut.jpg": (jpeg()[:1000], r"cut\.jpg: expected a whole picture, got a truncated or damaged one"),
    }
    for name, (content, message) in cases.items():
        with pytest.raises(InputError, match=message):
            data.load_image(put(content, name))
    with pytest.raises(InputError, match=r"nothing\.png: expected a picture, got no such file"):
        data.load_image(str(tmp_path / "nothing.png"))
    with pytest.raises(InputError, match=r"expected a picture, got a folder"):
        data.load_image(str(tmp_path))


def bomb(width, height):
    """A PNG whose header claims more pixels than its few bytes hold."""

    def block(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + block(b"IHDR", header)
        + block(b"IDAT", zlib.compress(bytes(99)))
        + block(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_000, 50_000])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(put, side):
    path = put(bomb(side, side), "bomb.png")
    for work in (data.load_image, data.image_info):
        with pytest.raises(InputError, match=r"bomb\.png: expected at most 89,478,485 pixels, got"):
            work(path)


def test_a_file_without_permission_says_so(put, monkeypatch):
    path = put(SMOOTH)
    monkeypatch.setattr(Image, "open", refused)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match=r"expected a picture that you may read, got no permission"):
        data.load_image(path)


def refused(path):
    raise PermissionError(13, "Permission denied", path)


# ------------------------------------------------------------------ columns
def test_the_result_does_not_depend_on_the_number_of_workers(put):
    paths = [put(np.roll(SMOOTH, i, axis=0), f"{i}.png") for i in range(40)]
    one, three = (data.load_images(paths, size=(20, 30), workers=n) for n in (1, 3))
    np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(one[7], data.load_image(paths[7], size=(20, 30)))
    assert one.dtype == np.uint8 and one.shape == (40, 20, 30, 3)


def test_a_column_may_mix_paths_and_arrays(put):
    images = data.load_images(pd.Series([put(SMOOTH), SMOOTH], index=["a", "b"]), size=(60, 80))
    np.testing.assert_array_equal(images[0], images[1])


def test_all_bad_rows_of_a_column_are_named_at_once(put):
    column = pd.Series([put(SMOOTH), put(b"", "empty.png"), None, *["no.png"] * 9], index=range(100, 112))
    message = r"(?s)11 of 12 rows cannot be used.*row 101, .*empty\.png.*empty file.*row 102.*missing.*and 6 rows more"
    with pytest.raises(InputError, match=message):
        data.load_images(column, size=(4, 4))
    with pytest.raises(InputError, match=r"^row 'b', no\.png: expected a picture, got no such file"):
        data.load_images(pd.Series([SMOOTH, "no.png"], index=["a", "b"]), size=(4, 4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (0, 4)}, r"size, height: expected a whole number in \[1, inf\], got 0"),
        ({"size": 4}, r"size: expected \(height, width\) in pixels, got 4\. Such as \(96, 128\)"),
        ({"size": (40_000, 40_000)}, r"size: expected at most 89,478,485 pixels"),
        ({"size": None}, r"size: expected \(height, width\), got None"),
        ({"size": (4, 4), "resize": "fit"}, r"resize: expected one of 'stretch', 'crop', 'pad', got 'fit'"),
        ({"size": (4, 4), "colour": "gray"}, r"colour: expected one of 'rgb', 'grey', got 'gray'"),
        ({"size": (4, 4), "workers": 0}, r"workers: expected a whole number"),
    ],
)
def test_an_option_that_cannot_be_is_named(options, message):
    with pytest.raises(InputError, match=message):
        data.load_images([SMOOTH], **options)


def test_an_empty_column_gives_an_empty_array():
    assert data.load_images([], size=(3, 4)).shape == (0, 3, 4, 3)


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_work_on_no_cells_gives_no_results(workers):
    assert _cells.each([], lambda place, cell: cell, workers=workers) == []


def test_a_lone_path_is_no_column():
    with pytest.raises(
        InputError, match=r"column: expected a Series, an array or a list of cells, got 'a\.png'"
    ):
        data.load_images("a.png", size=(4, 4))


# ------------------------------------------------------------------ folders
def test_each_sub_folder_is_a_class_in_natural_order(folder, put):
    put(SMOOTH, "root/cat/2020/12.png")
    frame = data.read_images(folder)
    assert frame["image"].str.removeprefix(f"{folder}/").tolist() == [
        "cat/1.png", "cat/2.png", "cat/2020/12.png", "dog/1.png", "dog/10.png",
    ]  # fmt: skip
    assert frame["label"].tolist() == ["cat"] * 3 + ["dog"] * 2
    assert frame.dtypes.astype(str).tolist() == ["str", "str"]
    assert frame.attrs["notes"] == () and data.quarantine(frame).empty


def test_a_folder_without_classes_has_no_label(folder):
    assert data.read_images(folder / "dog").columns.tolist() == ["image"]


def test_what_file_managers_leave_behind_is_passed_over(folder, put):
    for name in (
        ".ipynb_checkpoints/1-checkpoint.png",
        "cat/._1.png",
        "dog/Thumbs.db",
        ".DS_Store",
        "__MACOSX/cat/1.png",
    ):
        put(jpeg(), f"root/{name}") if name.endswith("png") else put(b"x", f"root/{name}")
    frame = data.read_images(folder)
    assert len(frame) == 4
    assert frame.attrs["notes"] == ("5 hidden or system files were passed over",)


def test_other_endings_are_counted_in_one_warning(folder, put):
    for name in ("cat/a.txt", "cat/b.txt", "dog/notes", "dog/1.xml"):
        put(b"x", f"root/{name}")
    with pytest.warns(
        UserWarning, match=r"^4 files ignored.*2 \.txt, 1 without an ending, 1 \.xml|4 files ignored"
    ) as said:
        frame = data.read_images(folder)
    assert len(said) == 1 and len(frame) == 4


def test_an_empty_class_folder_is_refused(folder):
    (folder / "bird").mkdir()
    with pytest.raises(
        InputError, match=r"class folder .*bird: expected at least one picture file, got none"
    ):
        data.read_images(folder)


def test_a_picture_beside_the_class_folders_is_refused(folder, put):
    put(SMOOTH, "root/loose.png")
    with pytest.raises(
        InputError, match=r"every file in the folder of a class, got 'loose\.png' beside them"
    ):
        data.read_images(folder)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"expected at least one picture file, got none\. The endings that are taken: \.jpg"
    ):
        data.read_images(tmp_path)


def test_a_missing_folder_names_a_close_one(folder):
    with pytest.raises(
        FileNotFoundError,
        match=r"rot: expected a folder or a table of paths, got nothing there\. Did you mean 'root'",
    ):
        data.read_images(folder.parent / "rot")


def test_a_folder_without_permission_says_so(folder, monkeypatch):
    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(
        PermissionError, match=r"root: expected a folder that you may read, got no permission"
    ):
        data.read_images(folder)


def test_links_in_a_circle_end(folder):
    (folder / "cat" / "loop").symlink_to(folder)
    assert len(data.read_images(folder)) == 4


def test_classes_that_differ_only_in_case_are_pointed_out(folder, put):
    put(SMOOTH, "root/Cat/1.png")
    with pytest.warns(
        UserWarning, match=r"class folders 'Cat', 'cat' differ only in spelling: are they one class\?"
    ):
        data.read_images(folder)


def test_the_parts_of_a_split_are_not_silently_classes(put, tmp_path):
    for part in ("train", "test"):
        put(SMOOTH, f"parts/{part}/cat/1.png")
    with pytest.warns(UserWarning, match=r"folders 'test', 'train' are taken for classes: to read one part"):
        data.read_images(tmp_path / "parts")


# ------------------------------------------------------------------ quarantine
def test_a_damaged_file_is_left_out_named_and_listed(folder, put):
    put(b"", "root/cat/3.png")
    put(b"no picture", "root/dog/2.png")
    with pytest.warns(
        UserWarning,
        match=r"2 of 6 files cannot be used and were left out: .*3\.png \(an empty file \(0 bytes\)\)",
    ):
        frame = data.read_images(folder)
    assert len(frame) == 4 and frame.index.tolist() == [0, 1, 2, 3]
    left_out = data.quarantine(frame)
    assert left_out["file"].str[-9:].tolist() == ["cat/3.png", "dog/2.png"]
    assert left_out["reason"].str.contains("empty|no picture").all()


def test_strict_stops_at_the_first_damaged_file(folder, put):
    put(b"", "root/cat/3.png")
    with pytest.raises(InputError, match=r"cat/3\.png: expected a picture, got an empty file"):
        data.read_images(folder, strict=True)


def test_a_class_with_nothing_but_damaged_files_is_refused(folder, put):
    put(b"", "root/bird/1.png")
    with pytest.raises(
        InputError, match=r"class folder 'bird': expected a whole picture, got only damaged ones"
    ):
        data.read_images(folder)


def test_nothing_but_damaged_files_is_refused(put, tmp_path):
    put(b"", "bad/1.png")
    with pytest.raises(
        InputError, match=r"the 1 picture files: expected at least one whole file, got .*empty file"
    ):
        data.read_images(tmp_path / "bad")


def test_verify_finds_what_the_header_does_not_show(folder, put):
    png = bytearray(pathlib.Path(put(RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8))).read_bytes())
    png[len(png) // 2] ^= 0xFF
    put(bytes(png), "root/cat/3.png")
    put(jpeg(quality=90)[:-300], "root/cat/4.jpg")
    noisy = bytearray(jpeg(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)))
    noisy[len(noisy) // 2 : len(noisy) // 2 + 2] = b"\xff\x13"
    put(bytes(noisy), "root/cat/5.jpg")
    assert len(data.read_images(folder)) == 7
    with pytest.warns(UserWarning, match=r"3 of 7 files cannot be used"):
        frame = data.read_images(folder, verify=True)
    assert data.quarantine(frame)["file"].str[-5:].tolist() == ["3.png", "4.jpg", "5.jpg"]
    reasons = data.quarantine(frame)["reason"].tolist()
    assert reasons[1:] == [
        "a damaged one (Premature end of JPEG file)",
        "a damaged one (Unsupported marker type 0x13)",
    ]


def test_verify_names_what_is_wrong_in_the_middle_of_a_jpeg_that_loads_all_the_same(folder, put):
    whole = jpeg(RNG.integers(0, 256, (96, 96, 3), dtype=np.uint8))
    path = put(zeroed(whole), "root/cat/3.jpg")
    pixels = data.load_image(path)
    np.testing.assert_array_equal(
        pixels, np.asarray(Image.open(path))
    )  # what can be used of it, as Pillow says
    assert (pixels != data.load_image(put(whole, "whole.jpg"))).any()
    with pytest.warns(
        UserWarning,
        match=r"1 of 5 files.*3\.jpg \(a damaged one \(Corrupt JPEG data: .* before marker 0xd9\)\)",
    ):
        assert len(data.read_images(folder, verify=True)) == 4
    with pytest.raises(
        InputError, match=r"3\.jpg: expected a whole picture, got a damaged one \(Corrupt JPEG"
    ):
        data.read_images(folder, verify=True, strict=True)


def test_verify_leaves_a_sampling_to_pillow_that_the_quick_decoder_does_not_take(put):
    content = bytearray(jpeg(np.full((8, 8, 3), 90, np.uint8), subsampling=0))
    content[content.find(b"\xff\xc0") + 11] = 0x31  # three times as much light as colour in a row
    path = put(bytes(content), "a.jpg")
    _images.decoded(path)
    assert data.load_image(path).shape == (8, 8, 3)


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"restart_marker_blocks": 2}, {"exif": b"Exif\0\0\xff\xda\xff\x13"}],
)
def test_verify_finds_nothing_in_a_whole_jpeg(put, options):
    path = put(Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)), "a.jpg", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, on the note of the camera
        _images.decoded(path)


# ------------------------------------------------------------------ tables and lists
def test_paths_of_a_table_start_at_its_folder_and_its_columns_stay(folder):
    table = folder / "list.csv"
    table.write_text("name,file,age\nTom,cat/1.png,3\nRex,dog/1.png,4\n")
    frame = data.read_images(table)
    assert frame.columns.tolist() == ["name", "file", "age"]
    assert frame["file"].tolist() == [str(folder / "cat/1.png"), str(folder / "dog/1.png")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,x\n2,y\n", r"expected one column of picture paths, got none\. Name it: image=\.\.\."),
        ("a,b\n1.png,2.png\n", r"one column of picture paths, got 2: 'a', 'b'"),
        ("a,b\nx.png,1\n,2\n", r"column 'a', rows 1: expected a path, got none"),
    ],
)
def test_a_table_without_one_column_of_paths_is_refused(put, content, message):
    with pytest.raises(InputError, match=message):
        data.read_images(put(content.encode(), "list.csv"))


def test_the_column_of_paths_can_be_named(folder):
    (folder / "list.csv").write_text("a,b\ncat/1.png,cat/2.png\n")
    assert data.read_images(folder / "list.csv", image="b")["b"].tolist() == [str(folder / "cat/2.png")]
    with pytest.raises(InputError, match=r"list\.csv column 'c': expected to be there"):
        data.read_images(folder / "list.csv", image="c")
    (folder / "list.csv").write_text("a,b\ncat/1.png,5\n")
    with pytest.raises(
        InputError, match=r"column 'b': expected paths of picture files, got values such as .*5"
    ):
        data.read_images(folder / "list.csv", image="b")


def test_a_list_or_a_series_of_paths_is_read(folder):
    paths = pd.Series([folder / "cat/1.png", str(folder / "dog/1.png")], index=[7, 9])
    frame = data.read_images(paths)
    assert frame["image"].to_dict() == {7: str(paths[7]), 9: paths[9]}
    with pytest.warns(UserWarning, match=r"1 of 2 files cannot be used.*no\.png \(no such file\)"):
        assert data.read_images([paths[9], "no.png"])["image"].tolist() == [paths[9]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], r"source: expected at least one picture, got an empty list"),
        (["a.png", None], r"source, row 1: expected a file's path, got None"),
        (5, r"source: expected a folder, a table of paths, or a list of paths of picture files, got int"),
    ],
)
def test_a_source_that_is_none_is_refused(source, message):
    with pytest.raises(InputError, match=message):
        data.read_images(source)


def test_a_single_file_is_no_folder(put):
    with pytest.raises(
        InputError, match=r"a\.png: expected a folder, or a table of paths.*Give a list for single files"
    ):
        data.read_images(put(SMOOTH))


def test_a_quarantine_is_asked_of_a_frame():
    with pytest.raises(InputError, match=r"frame: expected a pandas DataFrame, got list"):
        data.quarantine([])
