"""The README shows what its tour prints: words to the letter, numbers as they come."""

import readme_tour


def test_the_tour_prints_what_the_readme_shows(capsys):
    assert readme_tour.main(["--check"]) == 0, capsys.readouterr().out
