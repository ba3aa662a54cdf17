"""placeholder re-export until the two readers are one."""
from hub.connectors.http_json import NotStrictJson, parse_json
__all__ = ["NotStrictJson", "parse_json"]
