"""The connector for record systems that speak GraphQL: a mapping file each, or another hub of this software."""

from __future__ import annotations
