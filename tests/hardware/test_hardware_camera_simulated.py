from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hardware.camera import SETTLE_FRAMES, CameraError, FrameError, Luma
from hardware.camera_open import open_adjustable
from hardware.camera_settings import CameraSettings
from hardware.camera_simulated import LAG_FRAMES, Optics, SimulatedCamera

SETTINGS = CameraSettings("simulated", size=(120, 80), lens_position=8.0, exposure_us=4000, gain=2.0)


def checks() -> Luma:
    """A page of black and white squares of 20 pixels."""
    y, x = np.mgrid[0:160, 0:240]
    page: Luma = (((y // 20 + x // 20) % 2) * 255).astype(np.uint8)
    return page


def camera(optics: Optics | None = None, settings: CameraSettings = SETTINGS) -> SimulatedCamera:
    return SimulatedCamera(checks(), settings, optics, period_s=0)


def luma(simulated: SimulatedCamera, skip: int = 0) -> Luma:
    for _ in range(skip):
        simulated.capture(1.0)
    frame = simulated.capture(1.0)
    assert frame is not None
    return frame.luma


def contrast(frame: Luma) -> float:
    return float(frame.astype(float).std())


def test_light_adds_up_over_exposure_and_gain_until_pixels_are_full() -> None:
    simulated = camera(Optics(light=10))
    quiet = luma(simulated)
    assert quiet.shape == (80, 120)
    assert np.percentile(quiet, 95) == pytest.approx(10 * 4 * 2, abs=4)
    simulated.set(exposure_us=30_000, gain=8.0)
    assert np.percentile(luma(simulated, LAG_FRAMES), 60) == 255


def test_a_change_shows_after_a_few_frames_and_before_they_are_all_gone() -> None:
    simulated = camera()
    simulated.set(exposure_us=400)
    means = [float(luma(simulated).mean()) for _ in range(SETTLE_FRAMES + 1)]
    assert means[LAG_FRAMES - 1] > 5 * means[LAG_FRAMES]
    assert means[SETTLE_FRAMES] == pytest.approx(means[LAG_FRAMES], rel=0.1)


def test_it_is_sharpest_at_its_focus_and_less_so_the_farther_from_it() -> None:
    simulated = camera(Optics(focus=6.0))
    found = []
    for position in (0.0, 4.0, 6.0, 8.0, 12.0):
        simulated.set(lens_position=position)
        found.append(contrast(luma(simulated, LAG_FRAMES)))
    assert found[0] < found[1] < found[2] > found[3] > found[4]


def test_something_high_is_nearer_than_the_focus() -> None:
    assert contrast(luma(camera(Optics(focus=8.0, lift=4.0)))) < contrast(luma(camera(Optics(focus=8.0))))


def noise(optics: Optics, gain: float) -> float:
    white = SimulatedCamera(np.full((80, 120), 255, np.uint8), SETTINGS, optics, period_s=0)
    white.set(exposure_us=round(8000 / gain), gain=gain)
    one, other = luma(white, LAG_FRAMES), luma(white)
    return float((one.astype(float) - other).std() / np.sqrt(2))


def test_noise_grows_with_gain_at_the_same_brightness() -> None:
    optics = Optics(light=15)
    assert noise(optics, 1.0) == pytest.approx(np.hypot(0.08 * np.sqrt(120), 0.3), rel=0.15)
    assert noise(optics, 8.0) > 2 * noise(optics, 1.0)


def test_a_dirty_lens_and_a_lamp_at_one_side_show() -> None:
    assert contrast(luma(camera(Optics(veil=0.6)))) < 0.5 * contrast(luma(camera()))
    shaded = luma(camera(Optics(uneven=0.5)))
    assert float(shaded[:, :40].mean()) < 0.8 * float(shaded[:, 80:].mean())


def test_a_tilted_camera_sees_the_upper_edge_smaller() -> None:
    tilted = luma(camera(Optics(tilt=0.3)))
    assert abs(float(tilted[2, :10].mean()) - 100) < 30  # the grey table beside the page
    assert contrast(tilted[-10:]) > contrast(tilted[:10])


def test_faults_come_and_go() -> None:
    simulated = camera()
    simulated.fault = "stalled"
    with pytest.raises(CameraError, match="stalled"):
        simulated.capture(0.001)
    simulated.fault = "damaged"
    with pytest.raises(FrameError, match="damaged"):
        simulated.capture(0.001)
    simulated.fault = None
    assert luma(simulated).shape == (80, 120)


def test_a_slow_camera_misses_its_deadline() -> None:
    simulated = SimulatedCamera(checks(), SETTINGS, period_s=0.5)
    luma(simulated)
    simulated.fault = "slow"
    with pytest.raises(CameraError, match="slow"):
        simulated.capture(0.001)


@pytest.mark.parametrize("wrong", [{"lens_position": 16.0}, {"exposure_us": 0}, {"gain": 99.0}], ids=str)
def test_what_no_camera_can_do_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CameraError, match=next(iter(wrong))):
        camera().set(**wrong)  # type: ignore[arg-type]  # numbers all


def test_a_lens_without_a_motor_is_not_set() -> None:
    with pytest.raises(CameraError, match="motor"):
        camera(Optics(motor=False)).set(lens_position=8.0)


def test_the_same_seed_gives_the_same_frames() -> None:
    np.testing.assert_array_equal(luma(camera(), 3), luma(camera(), 3))


def test_the_configuration_names_its_picture(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    Image.fromarray(checks()).save(path)
    simulated = open_adjustable(CameraSettings("simulated", scene=path, size=(64, 64)))
    frame = simulated.capture(1.0)
    assert frame is not None
    assert frame.luma.shape == (64, 64)
    with pytest.raises(CameraError, match=r"none\.png"):
        open_adjustable(CameraSettings("simulated", scene=tmp_path / "none.png"))
    with pytest.raises(CameraError, match="no lens"):
        open_adjustable(CameraSettings("folder", folder=tmp_path))
