"""What the people who run the program do with it: back up, restore, examine, import, replay."""
