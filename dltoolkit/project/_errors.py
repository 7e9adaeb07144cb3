"""What reading an artefact can meet."""


class MissingArtefact(RuntimeError):
    """The artefact is not there yet; the message says which step makes it."""


class StaleArtefact(RuntimeError):
    """The artefact was made from an earlier step that has been redone since; the message says which, and the cure."""
