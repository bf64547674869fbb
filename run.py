#!/usr/bin/env python3
"""Everything the program does, as commands: `python run.py --help`."""

from postal_service.cli import main

if __name__ == "__main__":
    main()
