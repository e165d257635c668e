namespace Tidings.Lanes;

/// <summary>Collects messages during a turn and hands them to all their receivers at its end.</summary>
internal interface IFanOut
{
    void FanOut();
}
