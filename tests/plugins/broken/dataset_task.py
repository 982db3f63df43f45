from lab.api import Dataset, hookimpl


class Riddle(Dataset):  # <- here
    name = "riddle"
    task = "regresion"
    source = "Made up"
    licence = "Public domain"

    def load(self, seed):
        raise NotImplementedError


@hookimpl
def lab_register_datasets():
    return [Riddle]
