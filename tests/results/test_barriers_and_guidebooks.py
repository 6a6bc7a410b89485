"""Chapter barriers-and-guidebooks: counts of the printed tables, by hand."""

from adoption import register


def value(id):
    return register.get(id).value


def test_items_and_barriers_by_hand():
    assert (value("guidebook.ai.items"), value("guidebook.rpa.items")) == (13, 22)
    # One title of the RPA guidebook has a note on doing it jointly (共同化).
    assert value("guidebook.rpa.items-naming-joint-work") == 1
    assert value("guidebook.ai.items-naming-joint-work") == 0
    assert [value(f"barriers.{name}") for name in ("small-bodies", "any-size", "joint-use")] == [3, 1, 2]


def test_mapping_counts_are_those_of_the_table():
    assert value("guidebook.problems") == 7
    # Problems 4 (staff), 6 (understanding) and 7 (cost) have indirect items only.
    assert (value("guidebook.problems.named"), value("guidebook.problems.indirect")) == (4, 3)
    assert value("guidebook.problems.unmet") == 0
    for t in ("ai", "rpa"):
        for topic in ("cost-or-budget", "staff"):
            assert value(f"guidebook.{t}.items-naming-{topic}") == 0
