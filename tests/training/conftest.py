"""Programs that tests start in processes of their own: nothing to collect."""

collect_ignore = ["device_lives.py", "launched.py"]
