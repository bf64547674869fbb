"""HTTP plumbing below the rooms: endpoints, the outer middleware, problem answers, pages, OpenAPI, health. Knows no room."""
