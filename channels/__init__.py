"""The ways on which notices leave: one file a channel, and the registry that says which there are.

To add one: a file here with a class that is a `Channel` and a function that makes it from the settings; a line in
`channels/registry.py`; the setting, if it needs any, in `settings.py` and in `channels.channel.Configuration`; a row in
`docs/notices.md`; a test in `tests/channels/`.
"""
