"""One exact model for every form of reference, or an error that names what exists."""

import shutil
from pathlib import Path

import pytest
import yaml

from lambda_runtime.manifest import Column
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.resolve import resolve
from tests.fakes.mlflow_state import pointing_at


@pytest.fixture
def downloads(tmp_path):
    return tmp_path / "models"


def refusal(text: str, downloads: Path, **more) -> ServerlessError:
    with pytest.raises(ServerlessError) as caught:
        resolve(text, downloads=downloads, **more)
    return caught.value


@pytest.mark.parametrize(
    ("asked", "exact"),
    [
        ("models:/fraud/1", "models:/fraud/1"),
        ("models:/fraud@champion", "models:/fraud/1"),
        ("models:/fraud@challenger", "models:/fraud/2"),
        ("models:/fraud/Production", "models:/fraud/2"),
        ("models:/fraud/production", "models:/fraud/2"),
        ("models:/fraud/latest", "models:/fraud/2"),
    ],
)
def test_a_registered_model_is_pinned(shop, downloads, asked, exact):
    """
    Whatever names a version today, the version itself is what is kept.
    """
    model = resolve(asked, downloads=downloads)

    assert exact == model.uri
    assert asked == model.asked
    assert exact.rpartition("/")[2] == model.version
    assert shop.logged[int(model.version) - 1] == model.model_id


def test_a_logged_model_needs_no_registration(shop, downloads):
    """
    `models:/m-…` names a model by its own id; it has no registered name.
    """
    model = resolve(f"models:/{shop.logged[0]}", downloads=downloads)

    assert (None, None, shop.logged[0]) == (model.name, model.version, model.model_id)


def test_a_run_s_model_is_the_model_it_logged(shop, downloads):
    """
    `runs:/…` finds the logged model behind the path, and remembers the run.
    """
    model = resolve(f"runs:/{shop.run_id}/model", downloads=downloads)

    assert (shop.logged[1], shop.run_id) == (model.model_id, model.run_id)
    assert model.digest == resolve("models:/fraud/2", downloads=downloads).digest


def test_a_folder_is_copied_and_digested(shop, downloads, tmp_path):
    """
    A local folder is pinned by a copy: later changes to it do not reach us.
    """
    folder = tmp_path / "mine"
    shutil.copytree(shop.saved, folder)
    before = resolve(str(folder), downloads=downloads)
    (folder / "note.txt").write_text("changed")
    after = resolve(str(folder), downloads=downloads)

    assert before.digest != after.digest
    assert not (before.folder / "note.txt").exists()


def test_what_mlmodel_says_is_read(shop, downloads):
    """
    Flavour, predict_fn, signature, example and requirements come from the model.
    """
    model = resolve("models:/fraud/1", downloads=downloads)

    assert ("sklearn", "predict") == (model.flavor, model.predict_fn)
    assert (Column("lead time", "double"), Column("n", "double")) == (
        model.signature.columns
    )
    assert "scikit-learn" in model.requirements
    assert model.example is not None
    assert model.example.serving_file is not None


def test_the_same_model_is_downloaded_once(shop, downloads):
    """
    Two references to one model share its files; nothing differs by how it was named.
    """
    first = resolve("models:/fraud@champion", downloads=downloads)
    second = resolve(f"models:/{shop.logged[0]}", downloads=downloads)

    assert (first.folder, first.digest) == (second.folder, second.digest)


@pytest.mark.parametrize(
    ("asked", "code", "named"),
    [
        ("models:/fruad/1", "model-missing", ["empty, fraud", "models:/fraud/latest?"]),
        ("models:/fraud/9", "version-missing", ["1, 2", "challenger, champion"]),
        ("models:/fraud@champoin", "alias-missing", ["champion", "1, 2"]),
        (
            "models:/fraud/Staging",
            "stage-empty",
            ["1 is in None", "2 is in Production"],
        ),
        ("models:/empty/latest", "version-missing", ["no version yet"]),
        (f"models:/m-{'0' * 32}", "logged-model-missing", ["sqlite"]),
        (f"runs:/{'0' * 32}/model", "run-missing", ["sqlite"]),
        ("models:/fraud/Prodution", "bad-model-uri", ["Production?"]),
    ],
)
def test_what_is_missing_is_answered_with_what_exists(
    shop, downloads, asked, code, named
):
    """
    A typo gets the names that are there, and a guess.
    """
    error = refusal(asked, downloads)

    assert code == error.code
    for text in named:
        assert text in str(error)


def test_a_run_without_that_path_names_its_models(shop, downloads):
    """
    The run is right and the path is wrong: the run's own models are listed.
    """
    error = refusal(f"runs:/{shop.run_id}/modle", downloads)

    assert "run-model-missing" == error.code
    assert f"did you mean runs:/{shop.run_id}/model?" in error.hint


def test_a_missing_folder_names_its_neighbours(downloads, tmp_path):
    """
    A path that is not there is answered with what is beside it.
    """
    (tmp_path / "model-a").mkdir()
    error = refusal(str(tmp_path / "model-b"), downloads)

    assert ("folder-missing", Kind.NOT_FOUND) == (error.code, error.kind)
    assert "model-a" in error.message


def test_a_folder_that_is_no_model_says_what_it_holds(downloads, tmp_path):
    """
    Without an MLmodel file it is not a model.
    """
    (tmp_path / "data.csv").touch()
    error = refusal(str(tmp_path), downloads)

    assert "not-a-model" == error.code
    assert "data.csv" in error.message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "expected"),
        ("- a\n- b", "no flavors"),
        ("flavors: {sklearn: {}}", "no python_function flavour among sklearn"),
        ("flavors: {python_function: {}}\nsignature: {inputs: '[{}]'}", "KeyError"),
        ("flavors: {python_function: {}}\nsignature: {inputs: 'x'}", "signature"),
    ],
)
def test_an_unreadable_mlmodel_says_why(downloads, tmp_path, content, why):
    """
    A damaged model is refused before anything is converted.
    """
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "MLmodel").write_text(content)
    error = refusal(str(folder), downloads)

    assert "mlmodel-unreadable" == error.code
    assert why in error.message


def test_a_model_without_signature_says_how_to_add_one(shop, downloads):
    """
    Without a signature no request can be checked, so it is refused.
    """
    error = refusal(shop.blank, downloads)

    assert "signature-missing" == error.code
    assert "input_example" in error.hint


def test_a_flavour_that_is_not_there_is_refused(shop, downloads):
    """
    Asking for another flavour names those there are.
    """
    error = refusal("models:/fraud/1", downloads, flavor="sklaern")

    assert "flavor-missing" == error.code
    assert "did you mean --flavor sklearn?" == error.hint


def test_a_flavour_can_be_chosen(shop, downloads, tmp_path):
    """
    Where a model has several native flavours, the one that is asked for is served.
    """
    folder = tmp_path / "two"
    shutil.copytree(shop.saved, folder)
    data = yaml.safe_load((folder / "MLmodel").read_text())
    data["flavors"]["onnx"] = {"data": "model.onnx"}
    (folder / "MLmodel").write_text(yaml.safe_dump(data))

    assert "onnx" == resolve(str(folder), downloads=downloads, flavor="onnx").flavor


def test_a_store_that_does_not_answer_is_unavailable(downloads, monkeypatch):
    """
    Nobody listening is said at once, and without the password in the address.
    """
    with pointing_at("http://me:secret@127.0.0.1:9"):
        error = refusal("models:/fraud/1", downloads)

    assert ("registry-unreachable", Kind.UNAVAILABLE) == (error.code, error.kind)
    assert "http://127.0.0.1:9" in error.message
    assert "secret" not in str(error)
