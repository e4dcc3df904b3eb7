"""The example that docs/own-problem.md follows, whole."""

from tests.workflow.runner import ROOT, Workplace


def test_the_study_of_an_own_network_on_own_data_ends_in_a_report(workplace: Workplace) -> None:
    workplace.run(study=str(ROOT / "examples/own_problem/study.yaml"))
    cells = workplace.cells("own-problem")
    assert len(cells) == 6 * (6 * 2 + 1)
    assert {cell["status"] for cell in cells} <= {"finished", "nonfinite"}
    regions = workplace.table("regions", "own-problem").to_pylist()
    assert [region["clipping"] for region in regions] == ["off", "on"]
    assert all(region["alpha_low"] < region["alpha_high"] for region in regions)
    page = (workplace.folder / "results/own-problem/report.html").read_text()
    assert "Adam / SGD on sequences" in page and "is safe" in page
    assert '<p class="about">Which α of Adam / SGD(α) is safe for a small recurrent network' in page
