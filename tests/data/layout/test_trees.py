"""Trees as real tools and downloads write them, and how each is read.

A tree is a list of files: `{a,b}` stands for each of them, `1-3` in braces for numbers, `name := text` for a text.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from nncli.data.image.kinds import image_suffixes
from nncli.data.image_folder import scan_image_folder
from nncli.errors import DataError

_BRACES = re.compile(r"\{([^}]*)\}")


def build(root: Path, files: str) -> Path:
    """Write the files, one description a line; pictures are empty files, for nobody opens them."""
    for line in files.strip().splitlines():
        pattern, _, text = line.strip().partition(" := ")
        choices = [_choices(found) for found in _BRACES.findall(pattern)]
        for chosen in itertools.product(*choices):
            parts = iter(chosen)
            path = root / _BRACES.sub(lambda _match, parts=parts: next(parts), pattern)  # type: ignore[misc]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("\\n", "\n").replace("\\t", "\t"))
    return root


def _choices(text: str) -> list[str]:
    first, dash, last = text.partition("-")
    if dash and first.isdigit() and last.isdigit():
        return [str(number) for number in range(int(first), int(last) + 1)]
    return text.split(",")


@dataclass(frozen=True)
class Tree:
    """A tree and the right way to read it.

    Args:
        name: Where it comes from.
        files: What lies in it.
        classes: Its classes.
        splits: Split -> a pattern that every path in it matches, and no path of another split does.
        says: What the notes say, each somewhere.
    """

    name: str
    files: str
    classes: str = "cat dog"
    splits: dict[str, str] = field(default_factory=lambda: {"all": "."})
    says: tuple[str, ...] = ()


def splits_of(**folders: str) -> dict[str, str]:
    """Patterns of split folders below the root."""
    return {split: f"^{folder}/" for split, folder in folders.items()}


READ = [
    Tree(
        "Roboflow, with a README beside the splits",
        "{train,valid,test}/{cat,dog}/{1-3}.jpg\nREADME.roboflow.txt\nREADME.dataset.txt",
        splits=splits_of(train="train", val="valid", test="test"),
        says=("ignored 2 as no image by suffix: README.dataset.txt",),
    ),
    Tree("Keras blogs", "{train,validation}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="train", val="validation")),
    Tree("hand-made", "{TRAIN,VAL}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="TRAIN", val="VAL")),
    Tree("hand-made", "{Train,Test}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="Train", test="Test")),
    Tree(
        "Kaggle",
        "{training,validation}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="training", val="validation"),
        says=("read as splits: training is train, validation is val",),
    ),
    Tree(
        "a course's cats and dogs",
        "{training_set,test_set}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="training_set", test="test_set"),
        says=("read as splits: training_set is train, test_set is test",),
    ),
    Tree("Edge Impulse", "{training,testing}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="training", test="testing")),
    Tree("brain MRI", "{Training,Testing}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="Training", test="Testing")),
    Tree("Hugging Face words", "{train,eval}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="train", test="eval")),
    Tree(
        "Hugging Face words",
        "{train,dev,test}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="train", val="dev", test="test"),
    ),
    Tree("numbered", "{train1,test2}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="train1", test="test2")),
    Tree("trn and tst", "{trn,tst}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="trn", test="tst")),
    Tree(
        "val_set and holdout",
        "{train_set,val_set,holdout}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="train_set", val="val_set", test="holdout"),
    ),
    Tree(
        "images of splits",
        "{train_images,test_images}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="train_images", test="test_images"),
    ),
    Tree("x_train", "{x_train,x_test}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="x_train", test="x_test")),
    Tree(
        "Intel image classification",
        "{seg_train/seg_train,seg_test/seg_test}/{cat,dog}/{1-3}.jpg\nseg_pred/readme.txt",
        splits=splits_of(train="seg_train", test="seg_test"),
        says=("seg_train/seg_train: the one folder with images",),
    ),
    Tree(
        "class first",
        "{cat,dog}/{train,test}/{1-3}.jpg",
        splits={"train": "/train/", "test": "/test/"},
        says=("read as splits inside of class folders: each of 2 holds train, test",),
    ),
    Tree(
        "one folder around everything",
        "dataset/{cat,dog}/{1-3}.jpg",
        says=("dataset: the one folder with images in",),
    ),
    Tree("two folders around everything", "data/photos/{cat,dog}/{1-3}.jpg", says=("data/photos: the one folder",)),
    Tree(
        "a folder around splits",
        "archive/{training,testing}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="archive/training", test="archive/testing"),
        says=("archive: the one folder with images in", "read as splits: training is train, testing is test"),
    ),
    Tree(
        "Food-101",
        "images/{cat,dog}/{1-4}.jpg\nmeta/train.txt := cat/1\\ncat/2\\ncat/3\\ndog/1\\ndog/2\\ndog/3\n"
        "meta/test.txt := cat/4\\ndog/4\nmeta/classes.txt := cat\\ndog",
        splits={"train": "[123].jpg$", "test": "4.jpg$"},
        says=("ignored meta (lists): no images in it but 3 .txt", "read as splits: meta/train.txt, meta/test.txt"),
    ),
    Tree(
        "Food-101, a part of its images",
        "images/{cat,dog}/{1-4}.jpg\nmeta/train.txt := cat/1\ndog/1\nmeta/test.txt := cat/9",
        says=("meta/train.txt, meta/test.txt: not used, for they give a split to 1 of 8 images",),
    ),
    Tree(
        "Caltech-101",
        "101_ObjectCategories/{cat,dog,BACKGROUND_Google}/{1-3}.jpg",
        says=("left out 101_ObjectCategories/BACKGROUND_Google with 3 images",),
    ),
    Tree(
        "tiny-imagenet",
        "train/{n1,n2}/images/{1-3}.JPEG\nval/images/v{1-2}.JPEG\nval/val_annotations.txt := "
        "v1.JPEG\\tn2\\t0\\t0\\t1\\t1\\nv2.JPEG\\tn1\\t0\\t0\\t1\\t1\ntest/images/{1-3}.JPEG\nwnids.txt := n2\\nn1",
        classes="n1 n2",
        splits=splits_of(train="train", val="val"),
        says=("val_annotations.txt", "test/images: 3 images without a class"),
    ),
    Tree(
        "CUB-200",
        "images/{1.cat,2.dog}/{1-2}.jpg\nimages.txt := 1 1.cat/1.jpg\\n2 1.cat/2.jpg\\n3 2.dog/1.jpg\\n4 2.dog/2.jpg\n"
        "image_class_labels.txt := 1 1\\n2 1\\n3 2\\n4 2\ntrain_test_split.txt := 1 1\\n2 0\\n3 1\\n4 0",
        classes="1.cat 2.dog",
        splits={"train": "/1.jpg", "test": "/2.jpg"},
        says=("read as splits: images.txt, train_test_split.txt, which name every image",),
    ),
    Tree("GTSRB", "{00000,00001}/{00000_00000,00000_00001}.ppm\n{00000,00001}/GT.csv", classes="00000 00001"),
    Tree(
        "numbers in three ways, and two cases",
        "{01,1,001,Cat,cat}/{1-3}.jpg",
        classes="001 01 1 Cat cat",
        says=("look alike: 001, 01, 1", "look alike: Cat, cat"),
    ),
    Tree(
        "annotation tools",
        "{cat,dog}/{1-3}.jpg\n{cat,dog}/{1-3}.xml\ncat/notes.txt",
        says=("ignored 7 as no image by suffix",),
    ),
    Tree(
        "archives of macOS and Windows",
        "{cat,dog}/{1-3}.jpg\n__MACOSX/cat/._1.jpg\ncat/Thumbs.db\ndog/desktop.ini",
        says=("ignored 3 as hidden or junk",),
    ),
    Tree(
        "our own runs",
        "{cat,dog}/{1-3}.jpg\nconfig.yaml\nruns/config-1/{config.yaml,model.npz,last.npz,history.csv,preview.png}",
        says=("ignored runs: it holds runs of nncli",),
    ),
    Tree(
        "one of our runs under another name, beside splits",
        "{train,test}/{cat,dog}/{1-3}.jpg\nbest/{config.yaml,model.npz,confusion.png}",
        splits=splits_of(train="train", test="test"),
        says=("ignored best: it holds runs of nncli",),
    ),
    Tree(
        "masks in each class",
        "{COVID,Normal}/{images,masks}/{1-3}.png",
        classes="COVID Normal",
        splits={"all": "/images/"},
        says=("left out 6 masks of images beside them: COVID/masks, Normal/masks",),
    ),
    Tree(
        "masks beside images by name",
        "{benign,normal}/{1-3}.png\n{benign,normal}/{1-3}_mask.png\nbenign/1_mask_1.png",
        classes="benign normal",
        splits={"all": r"/\d\.png"},
        says=("ignored 7 as masks of images beside them",),
    ),
    Tree(
        "a set and its segmentation",
        "{images,masks}/{cat,dog}/{1-3}.png",
        splits={"all": "^images/"},
        says=("left out masks: 6 masks of images beside it",),
    ),
    Tree(
        "cell_images: the set twice",
        "{Parasitized,Uninfected,cell_images/Parasitized,cell_images/Uninfected}/{1-3}.png",
        classes="Parasitized Uninfected",
        splits={"all": "^[PU]"},
        says=("left out cell_images: it holds the images beside it a second time",),
    ),
    *(
        Tree(f"datumaro: {name}", f"{{cat,dog}}/{{1-3}}.jpg\n{name}/{{1-3}}.xml", says=(f"ignored {name} (",))
        for name in (
            "annotations",
            "labels",
            "meta",
            "ImageSets",
            "bb_landmark",
            "devkit",
            "imdb",
            "attributes",
            "parts",
        )
    ),
    Tree(
        "a test split without labels",
        "train/{cat,dog}/{1-3}.jpg\ntest/{1-3}.jpg",
        splits=splits_of(train="train"),
        says=("test: 3 images without a class",),
    ),
    Tree(
        "a test split of unknown class",
        "train/{cat,dog}/{1-3}.jpg\ntest/unknown/{1-3}.jpg",
        splits=splits_of(train="train"),
        says=("test: 3 images without a class",),
    ),
    *(
        Tree(f"no label: {name}", f"{{cat,dog,{name}}}/{{1-3}}.jpg", says=(f"left out {name} with 3 images",))
        for name in ("no_label", "_unlabeled", "Unlabeled")
    ),
    Tree(
        "Roboflow's Unlabeled within a split",
        "{train,test}/{cat,dog,Unlabeled}/{1-3}.jpg",
        splits=splits_of(train="train", test="test"),
        says=("left out train/Unlabeled with 3 images",),
    ),
    Tree(
        "Hugging Face class folders with a metadata file",
        "train/{cat,dog}/{1-3}.jpg\ntrain/metadata.csv := file_name,label\\ncat/1.jpg,cat",
        splits=splits_of(train="train"),
        says=("train/metadata.csv",),
    ),
    Tree(
        "Kaggle's alphabet of signs, with a flat test folder",
        "asl_alphabet_train/asl_alphabet_train/{cat,dog}/{1-3}.jpg\nasl_alphabet_test/asl_alphabet_test/{cat,dog}.jpg",
        splits=splits_of(train="asl_alphabet_train"),
        says=("asl_alphabet_test is test", "asl_alphabet_test/asl_alphabet_test: 2 images without a class"),
    ),
    Tree(
        "SUN397 and Places365: classes below letters",
        "set/a/{abbey,airfield}/{1-3}.jpg\nset/c/church/{indoor,outdoor}/{1-3}.jpg\nClassName.txt",
        classes="a c",
        says=(
            "the classes are a, c; folders within them, abbey, airfield, church, are not: data.splits: "
            '{all: ["set/*/*"]} makes them classes',
        ),
    ),
    # Trees of our own, invented
    Tree(
        "flowers by split",
        "{flowers_train,flowers_test}/{cat,dog}/{1-3}.jpg",
        splits=splits_of(train="flowers_train", test="flowers_test"),
    ),
    Tree("camel case", "{TrainSet,TestSet}/{cat,dog}/{1-3}.jpg", splits=splits_of(train="TrainSet", test="TestSet")),
    Tree(
        "splits below images, labels beside",
        "images/{train,val}/{cat,dog}/{1-3}.jpg\nlabels/{train,val}/{1-3}.txt\ndata.yaml",
        splits=splits_of(train="images/train", val="images/val"),
    ),
    Tree(
        "class first with three splits in capitals",
        "{cat,dog}/{Train,Valid,Test}/{1-3}.jpg",
        splits={"train": "/Train/", "val": "/Valid/", "test": "/Test/"},
    ),
    Tree("words that hold others", "{contest,trainer,latest}/{1-3}.jpg", classes="contest latest trainer"),
]


@pytest.mark.parametrize("tree", READ, ids=lambda tree: tree.name)
def test_a_tree_is_read_as_it_is_meant(tree: Tree, tmp_path: Path) -> None:
    """The right classes, each image in the right split, and the notes say how."""
    folder = scan_image_folder(build(tmp_path, tree.files))
    assert tuple(tree.classes.split()) == folder.classes
    assert list(tree.splits) == list(folder.splits)
    for split, files in folder.splits.items():
        paths = [os.path.relpath(path, tmp_path) for path in files.paths]
        assert paths
        assert all(re.search(tree.splits[split], path) for path in paths), split
        others = [pattern for other, pattern in tree.splits.items() if other != split]
        assert not any(re.search(pattern, path) for pattern in others for path in paths), split
    for text in tree.says:
        assert any(text in note for note in folder.notes), folder.notes


REFUSED = [
    (
        "STL-like",
        "{train,val,unlabeled}/{cat,dog}/{1-3}.jpg",
        "train, val are called like splits and unlabeled is not; write data.splits: {train: [train], val: [val], "
        "ignore: [unlabeled]}",
    ),
    (
        "SVHN-like",
        "{train,val,test,extra}/{cat,dog}/{1-3}.jpg",
        "and extra is not; write data.splits: {train: [train]",
    ),
    *(
        (f"one more folder: {name}", f"{{train,val,{name}}}/{{cat,dog}}/{{1-3}}.png", f"and {name} is not")
        for name in ("unsup", "predict", "Meta", "ground_truth")
    ),
    (
        "two test splits",
        "{train,test,holdout}/{cat,dog}/{1-3}.png",
        "holdout, test are the same split; keep one of them, or write data.splits: {train: [train], test: [holdout,",
    ),
    ("a nested copy", "{train,val,data/train,data/val}/{cat,dog}/{1-3}.png", "and data is not"),
    (
        "class first, but not every class",
        "cat/{train,test}/{1-3}.jpg\ndog/{1-3}.jpg",
        "cat holds folders called like splits (test, train), not every class the same ones; write data.splits: "
        '{train: ["*/train"], test: ["*/test"]}',
    ),
    (
        "PlantVillage",
        "{color,grayscale,segmented}/{Apple,Grape}/{1-3}.jpg",
        "color, grayscale, segmented all hold the folders Apple, Grape: variants of one set",
    ),
    (
        "PlantVillage as it is",
        "{color,grayscale}/{Apple,Grape}/{1-3}.jpg\nsegmented/{Apple,Grape}/{1-3}_final_masked.jpg",
        "color, grayscale, segmented all hold the folders Apple, Grape: variants of one set",
    ),
    (
        "split-folders, k-fold",
        "{fold_1,fold_2}/{train,val}/{cat,dog}/{1-3}.jpg",
        "fold_1, fold_2 hold splits of their own; choose one: data.path: ROOT/fold_1",
    ),
    (
        "Market-1501",
        "{bounding_box_train,bounding_box_test,query}/{1-3}.jpg",
        "bounding_box_test, bounding_box_train are called like splits and query is not",
    ),
    (
        "NIH's chest X-rays and HAM10000: a table names the images of numbered folders",
        "images_001/images/{1-3}.png\nimages_002/images/{4-6}.png\nData.csv := Image,Finding\\n1.png,no\\n4.png,no",
        "images_001, images_002 differ by a number alone, and Data.csv names their images: write data.path: "
        "ROOT/Data.csv, or data.splits: none if they are the classes",
    ),
    (
        "Office-31: domains",
        "{amazon,dslr,webcam}/images/{chair,mug}/{1-3}.jpg",
        "amazon, dslr, webcam all hold the folders chair, mug: variants of one set? Write data.path: ROOT/amazon",
    ),
    (
        "rock, paper, scissors: a test set of another name",
        "rps/{paper,rock}/{1-3}.png\nrps-test-set/{paper,rock}/{1-3}.png",
        "variants of one set? Write data.splits: {train: [rps], test: [rps-test-set]}, or data.path: ROOT/rps to read",
    ),
    (
        "dogs vs cats as Kaggle packs them",
        "train/{cat,dog}.{0-3}.jpg\ntest1/{1-3}.jpg\nsampleSubmission.csv := id,label\\n1,0",
        "train: images but no folders in it; expected one folder per class; their names begin with their class: write "
        r"data.path: ROOT/train and data.label_from: '(?P<label>[A-Za-z]+)\.\d+\.\w+'",
    ),
    (
        "ImageNet as Kaggle packs it",
        "I/Data/train/{n1,n2}/{1-3}.JPEG\nI/Data/val/v{1-3}.JPEG\nI/Annotations/val/v{1-3}.xml",
        "val: images but no folders in it; expected one folder per class; to do without it write data.splits: "
        "{train: [I/Data/train], ignore: [I/Data/val]}",
    ),
    ("val beside valid", "{train,val,valid}/{cat,dog}/{1-3}.jpg", "val, valid are the same split"),
    (
        "Kaggle: images and a table",
        "images/{1-3}.jpg\ntrain.csv := image_id,label\\n1,cat",
        "images is the only class folder; expected two or more; train.csv may hold the labels: write data.path: "
        "ROOT/train.csv",
    ),
    (
        "dogs vs cats",
        "{cat,dog}.{0-3}.jpg",
        "images but no folders in it; expected one folder per class; their names begin with their class: write "
        r"data.label_from: '(?P<label>[A-Za-z]+)\.\d+\.\w+'",
    ),
    (
        "Oxford pets",
        "images/{Abyssinian,beagle}_{1-3}.jpg\nannotations/trimaps/{Abyssinian,beagle}_{1-3}.png\n"
        "annotations/trainval.txt := Abyssinian_1 1 1 1",
        "images is the only class folder; expected two or more; their names begin with their class: write "
        r"data.path: ROOT/images and data.label_from: '(?P<label>[A-Za-z_-]*[A-Za-z])[_-]?\d+\.\w+'",
    ),
    (
        "HEIC only",
        "dog/{1-3}.jpg\ncat/{1-4}.heic",
        "no images of class cat; 4 HEIC files ignored; pip install",
    ),
    ("DICOM only", "dog/{1-3}.jpg\ncat/{1-4}.dcm", "4 DICOM files ignored; save them as JPEG or PNG"),
    ("no suffix", "dog/{1-3}.jpg\ncat/img{1-4}", "no images of class cat; cat holds 4 without suffix"),
    (
        "second copies that differ",
        "{cat,dog,more/cat,more/dog}/{1-3}.png\nmore/cat/4.png",
        "more holds folders called like those beside it (cat, dog)",
    ),
]


@pytest.mark.parametrize(("name", "files", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_tree_that_can_be_read_in_two_ways_is_refused(name: str, files: str, message: str, tmp_path: Path) -> None:
    """In one line, with what was seen and the line to write."""
    if name == "HEIC only" and ".heic" in image_suffixes():
        pytest.skip("HEIC is read here")
    with pytest.raises(DataError) as caught:
        scan_image_folder(build(tmp_path, files))
    text = str(caught.value).replace(str(tmp_path), "ROOT")
    assert message in text
    assert 1 == len(text.splitlines())


def test_masks_are_known_by_their_palette(tmp_path: Path) -> None:
    """Where their folder does not say so: the pictures beside them have the same names and all colors."""
    for name in ("cat", "dog"):
        build(tmp_path, f"{name}/photo/{{1-3}}.jpg")
        for number in (1, 2, 3):
            path = tmp_path / name / "outline" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("P", (2, 2)).save(path)
    folder = scan_image_folder(tmp_path)
    assert 6 == len(folder.splits["all"].paths)
    assert all("/photo/" in path for path in folder.splits["all"].paths)


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ({"train": ["a"], "test": ["b"]}, {"train": ["a/cat", "a/dog"], "test": ["b/cat", "b/dog"]}),
        ({"train": ["a", "b"], "ignore": ["c"]}, {"train": ["a/cat", "a/dog", "b/cat", "b/dog"]}),
        ({"train": ["[ab]"], "val": ["c"]}, {"train": ["a/cat", "a/dog", "b/cat", "b/dog"], "val": ["c/cat", "c/dog"]}),
        (
            {"train": ["*/cat"], "test": ["*/dog"]},
            {"train": ["a/cat", "b/cat", "c/cat"], "test": ["a/dog", "b/dog", "c/dog"]},
        ),
        ({"all": ["."], "ignore": ["c"]}, {"all": ["a/cat", "a/dog", "b/cat", "b/dog"]}),
    ],
)
def test_splits_that_are_said_always_win(
    splits: dict[str, list[str]], expected: dict[str, list[str]], tmp_path: Path
) -> None:
    """Folders, patterns and the class as a star."""
    folder = scan_image_folder(build(tmp_path, "{a,b,c}/{cat,dog}/{1-2}.png"), splits)
    found = {
        split: sorted({os.path.relpath(Path(path).parent, tmp_path) for path in files.paths})
        for split, files in folder.splits.items()
    }
    assert expected == found


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": ["a"], "test": ["d"]}, "data.splits.test: ROOT has no folder d"),
        ({"train": ["../x"]}, "data.splits.train: ../x leads out of ROOT"),
        ({"train": ["/x"]}, "data.splits.train: /x leads out of ROOT"),
        ({"train": ["a"], "test": ["a"]}, "data.splits: a is both in train and in test"),
        ({"test": ["a"]}, "data.splits names nothing to train on"),
        ({"all": ["a"], "val": ["b"]}, "data.splits has all beside train or val"),
    ],
)
def test_splits_that_cannot_be_are_refused(splits: dict[str, list[str]], message: str, tmp_path: Path) -> None:
    """With the entry."""
    with pytest.raises(DataError) as caught:
        scan_image_folder(build(tmp_path, "{a,b,c}/{cat,dog}/{1-2}.png"), splits)
    assert message in str(caught.value).replace(str(tmp_path), "ROOT")


def test_what_the_splits_do_not_name_is_said(tmp_path: Path) -> None:
    """Nothing is left out silently."""
    folder = scan_image_folder(build(tmp_path, "{a,b,c}/{cat,dog}/{1-2}.png"), {"train": ["a"], "ignore": ["b"]})
    assert (
        "left out b with 4 images: data.splits ignores it",
        "left out c with 4 images: data.splits does not name it",
    ) == folder.notes
