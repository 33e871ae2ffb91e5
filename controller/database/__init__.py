"""The database: engine, schema, scope, a moment's view and a transaction."""
