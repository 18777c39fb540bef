"""Methods whose masks come from files: other people's masks as predictions of ours."""
