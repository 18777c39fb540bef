from promptseg.training import ship


def test_shipping_copies_weights_and_card(tmp_path, capsys):
    source = tmp_path / "train" / "a"
    source.mkdir(parents=True)
    (source / "network.safetensors").write_bytes(b"weights")
    arguments = ["a", "--runs", str(tmp_path / "train"), "--target", str(tmp_path / "shipped")]
    assert ship.main(arguments) == 1
    assert "has no card.md" in capsys.readouterr().err
    (source / "card.md").write_text("card")
    assert ship.main(arguments) == 0
    assert (tmp_path / "shipped" / "a.safetensors").read_bytes() == b"weights"
    assert (tmp_path / "shipped" / "a.md").read_text() == "card"
    assert "0.0 MB" in capsys.readouterr().out
