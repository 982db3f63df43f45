from lab.apis import Cell  # <- here
