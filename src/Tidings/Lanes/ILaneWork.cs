namespace Tidings.Lanes;

/// <summary>Something that a lane does in its turn. What it touches belongs to that lane: no lock is needed, and none may be awaited.</summary>
internal interface ILaneWork
{
    void Run(object? argument);
}
