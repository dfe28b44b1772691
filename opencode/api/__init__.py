"""The operations, a module per tag of the contract. A client may ask what is listed here."""

from opencode.api import control, message, request, session

MODULES = (control, session, message, request)
