"""The ledger: who is owed word of what, by which channel, and what became of it.

Owns: delivery, preference, mute. Emits: nothing. Stands on: accounts and the ground. It knows people and subjects,
never ideas: rooms above hand it a `Notice` for each kind of event.
"""
