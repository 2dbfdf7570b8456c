"""EASE as its paper has it, for a check on RecTools' one, which ranks by the transposed weights.

Harald Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019: with the Gram matrix
G = XᵀX + λI and P = G⁻¹, the weights are B = I - P / diag(P) by column, and a user's scores X B.
"""

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import spotrf, spotri

from benchmarks.peers.history import History, Ints, Lists

USERS_AT_A_TIME = 2_000


def ease(history: History, users: Ints, *, k: int, threads: int, regularization: float) -> Lists:
    """The k products of the highest scores that the user has not had.

    Memory goes with the square of the products: 4 bytes each, three times over. BLAS takes the
    threads of its environment.
    """
    del threads
    gram = (history.matrix.T @ history.matrix).toarray(order="F")
    gram[np.diag_indices_from(gram)] += regularization
    weights = _inverse(gram)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0)
    parts = [
        _best(history, users[start : start + USERS_AT_A_TIME], weights, k)
        for start in range(0, len(users), USERS_AT_A_TIME)
    ]
    return Lists(
        user=np.concatenate([part.user for part in parts]),
        product=np.concatenate([part.product for part in parts]),
    )


def _inverse(gram: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of a symmetric positive definite matrix, by Cholesky: half the work of a general one."""
    factor, failed = spotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ValueError(
            f"the Gram matrix is not positive definite (LAPACK {failed or failed_too})"
        )
    # What is above the diagonal of `inverse` is 0.
    whole: npt.NDArray[np.float32] = inverse + inverse.T
    whole[np.diag_indices_from(whole)] /= 2
    return whole


def _best(history: History, users: Ints, weights: npt.NDArray[np.float32], k: int) -> Lists:
    rows = history.matrix[users]
    scores = np.asarray(rows @ weights)
    scores[rows.nonzero()] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return Lists.from_rows(users, best, np.take_along_axis(scores, best, axis=1) > -np.inf)
