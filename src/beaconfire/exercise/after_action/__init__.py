"""After action: what happened, counted and shown, from the journals of all nations.

``checker`` accounts for every delivery from exported lines alone; ``figures`` measures
against the truth; ``story`` and ``page`` show it; ``writing`` puts it on the disk.
Nothing is imported here, so that whoever needs the checker alone does not load a
plotting library.
"""
