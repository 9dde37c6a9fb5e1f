"""People: who they are, how they sign in, what they may do site-wide, and what was done with privilege.

Owns: user, company, user_session, ticket, attempt, unfinished_act, api_key, audit_entry.
Emits: nothing. Stands on: the ground.
"""
