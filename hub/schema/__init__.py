"""The GraphQL face of the hub: Strawberry types and resolvers, thin. The record types are made from the catalogue."""
