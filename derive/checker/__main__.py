"""`python -S -m derive.checker FILE...`"""

import sys

from derive.checker.files import main

sys.exit(main(sys.argv[1:]))
