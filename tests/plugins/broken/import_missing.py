import no_such_package.inside  # <- here
