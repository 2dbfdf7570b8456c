"""The limit of BLAS holds as long as anyone is inside, and no longer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from rankmart.one_thread import one_blas_thread


def threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_who_leaves_first_takes_the_limit_from_no_one() -> None:
    with threadpool_limits(2, user_api="blas"):
        assert threads() == {2}
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        second.__enter__()
        assert threads() == {1}
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == {2}


def test_the_limit_goes_with_an_error() -> None:
    with threadpool_limits(2, user_api="blas"):
        try:
            with one_blas_thread():
                raise KeyError
        except KeyError:
            pass
        assert threads() == {2}


def test_who_was_inside_before_keeps_no_other_thread_from_it() -> None:
    def inside() -> set[int]:
        with one_blas_thread():
            return threads()

    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(1) as other:
        for _ in range(2):
            assert other.submit(inside).result() == {1}
            assert threads() == {2}
            assert inside() == {1}
            assert threads() == {2}


def test_another_thread_may_be_the_last_to_leave() -> None:
    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(1) as other:
        first, last = one_blas_thread(), one_blas_thread()
        first.__enter__()
        other.submit(last.__enter__).result()
        first.__exit__(None, None, None)
        assert threads() == {1}
        other.submit(last.__exit__, None, None, None).result()
        assert threads() == {2}
