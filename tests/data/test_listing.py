from nnjax import data
from nnjax.data import registry


def rows(**arguments):
    return {row.name: row for row in data.available(**arguments)}


def test_every_data_set_has_a_row_whose_numbers_are_those_of_load():
    listed = rows()
    assert tuple(listed) == data.NAMES
    for name, row in listed.items():
        if row.where == "embedded":
            dataset = data.load(name)
            assert (row.train, row.test) == (len(dataset.x), len(dataset.x_test))
            assert row.shape == dataset.x.shape[1:]
            assert row.classes == len(dataset.classes)
            assert (row.task == "regression") == (row.classes == 0)
            assert row.size == 0
        else:
            assert row.where == "not here"
            assert row.path is None
    assert listed["mnist"].size == 9912422 + 28881 + 1648877 + 4542


def test_where_follows_the_order_of_the_search(small, tmp_path):
    tfds = tmp_path / "prepared" / "mnist" / "3.0.1"
    tfds.mkdir(parents=True)
    (tfds / "dataset_info.json").write_text("{}")
    small.write(tmp_path / "originals", "mnist", "cifar10")
    assert rows()["mnist"].where == "not here"
    row = rows(tfds_dir=tmp_path / "prepared")["mnist"]
    assert (row.where, row.path) == ("tfds", tmp_path / "prepared" / "mnist")
    here = {"tfds_dir": tmp_path / "prepared", "originals": tmp_path / "originals"}
    assert (rows(**here)["mnist"].where, rows(**here)["mnist"].path) == ("originals", tmp_path / "originals" / "mnist")
    assert rows(originals=tmp_path / "originals" / "cifar10")["cifar10"].where == "originals"
    path = data.get("mnist", originals=tmp_path / "originals")
    assert (rows(**here)["mnist"].where, rows(**here)["mnist"].path) == ("cache", path)
    assert rows(**here)["fashion_mnist"].where == "not here"


def test_originals_of_another_size_do_not_count(small, tmp_path):
    small.write(tmp_path, "fashion_mnist")
    file = tmp_path / "fashion_mnist" / registry.SPECS["fashion_mnist"].files[0].name
    file.write_bytes(file.read_bytes()[:-1])
    assert rows(originals=tmp_path)["fashion_mnist"].where == "not here"
