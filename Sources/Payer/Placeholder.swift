enum PlaceholderPayer {}
