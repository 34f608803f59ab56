"""What becomes of a project that was made for ServoX: `servo migrate`.

Files are read, never imported or run. `scan` looks at them, `plan` works out what can be put right.
"""

from servo.migrate.catalogue import RULES as RULES
from servo.migrate.catalogue import rule_named as rule_named
from servo.migrate.fixing import Change as Change
from servo.migrate.fixing import plan as plan
from servo.migrate.fixing import write as write
from servo.migrate.model import Finding as Finding
from servo.migrate.model import Rule as Rule
from servo.migrate.model import Severity as Severity
from servo.migrate.model import Unread as Unread
from servo.migrate.project import Project as Project
from servo.migrate.project import open_project as open_project
from servo.migrate.scan import Report as Report
from servo.migrate.scan import scan as scan
