"""pytest plugin: nbmake's execution for the notebooks staged under _build.

nbmake itself refuses any path that contains `_build`. What it does to a notebook is unchanged;
two things are added: the kernel is told where to record what the chapter reads (kernel_trace.py),
and anything a chapter prints on stderr fails it.
"""

import os

import nbformat
import pytest
from nbmake.pytest_items import NotebookFile, NotebookItem


class StagedNotebook(NotebookItem):
    def runtest(self):
        os.environ["BOOK_TRACE"] = f"{self.filename}.trace"
        super().runtest()
        for cell in nbformat.read(self.filename, 4).cells:
            for output in cell.get("outputs", []):
                if output.get("name") == "stderr":
                    pytest.fail(
                        f"{self.name}, cell {cell.id} printed on stderr:\n{output.text}",
                        pytrace=False,
                    )

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, pytest.fail.Exception):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class StagedFile(NotebookFile):
    def collect(self):
        yield StagedNotebook.from_parent(self, filename=str(self.path))


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".ipynb":
        return StagedFile.from_parent(parent, path=file_path)
