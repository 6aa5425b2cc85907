"""Views of a record: the report as a page, as markdown and as plots, and the table of the README.

Everything shown is computed from the record; nothing is measured here. In the order of reading:
`tables` and `inputs` turn the record into data to print, `numbers` and `words` say how, `plots`,
`markdown` and `page` print it, `write` puts it into a folder.
"""

from stablelce.report.markdown import readme_table, update_readme
from stablelce.report.write import write_report

__all__ = ["readme_table", "update_readme", "write_report"]
