"""Patience with servers, and what went wrong with them in words."""

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

TIMEOUT = (30, 120)  # seconds: to connect, and without a byte


def network_problem(error: BaseException) -> str:
    """What went wrong on the way, in words that hold no part of a URL."""
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "its TLS certificate could not be verified (name your certificates in REQUESTS_CA_BUNDLE; if "
            "the host's is broken and a sha256 is known, `verify_tls: false` leaves the matter to that)"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy could not be used (see HTTPS_PROXY and NO_PROXY)"
    if isinstance(error, requests.exceptions.Timeout | ReadTimeoutError):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "no connection could be made (is there a network, and is the host name right?)"
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"it answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | HTTPError):
        return "the connection broke off"
    if isinstance(error, requests.exceptions.RequestException | UnicodeError):
        return f"the address cannot be used ({type(error).__name__})"
    return "the file of trusted certificates cannot be read (see REQUESTS_CA_BUNDLE and PIP_CERT)"
