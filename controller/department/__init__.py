"""The department above many schools: areas, mergers, figures."""
