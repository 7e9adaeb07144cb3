"""Trainings written down for TensorBoard and MLflow while they run."""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from dltoolkit._keras import keras, tf
from dltoolkit._optional import needed


class TensorBoardLog(keras.callbacks.Callback):
    """Writes each epoch's scores and the settings where TensorBoard reads them: ``tensorboard --logdir folder``.

    Unlike Keras's own callback it looks on once an epoch only, so that an epoch may be one compiled function.

    Args:
        folder: Where the events go; one folder a training, side by side under the one that TensorBoard is given.

    Example:
        >>> import tempfile
        >>> log = TensorBoardLog(tempfile.mkdtemp())
        >>> # training.fit(model, preprocessor, splits, problem, callbacks=[log])
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__()
        self.folder = pathlib.Path(folder)
        self._settings: Mapping[str, Any] = {}
        self._writer: Any = None

    def on_settings(self, settings: Mapping[str, Any]) -> None:
        """What the training was asked for; `training.fit` says it before the first epoch.

        Args:
            settings: As of ``Run.settings``.
        """
        self._settings = settings

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the file, and write the settings.

        Args:
            logs: What Keras hands over. Defaults to None.
        """
        self._writer = tf.summary.create_file_writer(str(self.folder))
        with self._writer.as_default():
            tf.summary.text("settings", f"```\n{_readable(self._settings)}\n```", step=0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the epoch's scores, at its number from 1.

        Args:
            epoch: Its number, from 0.
            logs: Its scores. Defaults to None.
        """
        with self._writer.as_default():
            for name, value in (logs or {}).items():
                tf.summary.scalar(name, float(value), step=epoch + 1)
        self._writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the file.

        Args:
            logs: What Keras hands over. Defaults to None.
        """
        self._writer.close()


class MLflowLog(keras.callbacks.Callback):
    """Writes a training into MLflow: its settings as parameters, each epoch's scores as metrics.

    Nothing leaves the machine unless `tracking_uri` names a server. Needs the extra ``mlflow``.

    Args:
        tracking_uri: A folder, in which ``mlflow.db`` is kept; or the address of a server.
        experiment: Its name. Defaults to ``"dltoolkit"``.
        run_name: Name of the run. Defaults to None: one that MLflow makes up.

    Raises:
        ImportError: If MLflow is not installed; the message says how to install it.
    """

    def __init__(
        self,
        tracking_uri: str | os.PathLike[str],
        *,
        experiment: str = "dltoolkit",
        run_name: str | None = None,
    ) -> None:
        super().__init__()
        os.environ.setdefault(
            "MLFLOW_DISABLE_TELEMETRY", "true"
        )  # before its first import: it would phone home
        client = needed("mlflow.tracking", extra="mlflow", work="Logging to MLflow").MlflowClient
        self._client = client(_uri(tracking_uri))
        self._experiment, self._name = experiment, run_name
        self._settings: Mapping[str, Any] = {}
        self._run = ""

    def on_settings(self, settings: Mapping[str, Any]) -> None:
        """What the training was asked for; `training.fit` says it before the first epoch.

        Args:
            settings: As of ``Run.settings``.
        """
        self._settings = settings

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open a run, and write the settings.

        Args:
            logs: What Keras hands over. Defaults to None.
        """
        found = self._client.get_experiment_by_name(self._experiment)
        experiment = found.experiment_id if found else self._client.create_experiment(self._experiment)
        self._run = self._client.create_run(experiment, run_name=self._name).info.run_id
        for name, value in self._settings.items():
            self._client.log_param(
                self._run, name, value if isinstance(value, (int, float, str)) else json.dumps(value)
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the epoch's scores, at its number from 1.

        Args:
            epoch: Its number, from 0.
            logs: Its scores. Defaults to None.
        """
        for name, value in (logs or {}).items():
            self._client.log_metric(self._run, name, float(value), step=epoch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the run.

        Args:
            logs: What Keras hands over. Defaults to None.
        """
        self._client.set_terminated(self._run)


def _uri(told: str | os.PathLike[str]) -> str:
    if "://" in str(told):
        return str(told)
    folder = pathlib.Path(told).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(folder / 'mlflow.db').as_posix()}"


def _readable(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, indent=2, default=str)
