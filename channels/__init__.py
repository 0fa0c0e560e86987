"""The ways on which notices leave: one file a channel, and the registry that says which there are and what they need.

For whoever keeps receivers, this is all there is to it:

- `opened(settings, timeout)` gives the `Outside`: clients, the guard of outgoing addresses, the clock.
- `check(kind, destination, outside)` looks at a `Destination` (address, secrets, zone, templates) before it is kept,
  and raises InvalidValue, which names what is wrong.
- `open_channel(kind, destination, outside)` makes its `Channel`; `channel.send(notice)` sends one notice. It returns
  when the notice was taken, raises NoticeRefused when it never will be (`gone`: nor any other), and NoticeFailed when
  it may be later (`retry_after` seconds, where the receiver has said when). Retries, keys and dead letters are the
  caller's. A channel keeps no connection and no state: it may be made for each notice.
- `preview(kind, templates, zone)` shows what a template makes of a sample notice.
- `CHANNELS` is the registry: the rows of `docs/receivers.md` are compared with it.

`outgoing/` keeps requests out of private networks; `wording/` puts a notice into people's words, by templates.
To add a channel, see the recipe in `docs/development.md`.
"""
