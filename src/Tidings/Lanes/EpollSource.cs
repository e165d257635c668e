namespace Tidings.Lanes;

/// <summary>A descriptor that a lane watches. Belongs to that lane.</summary>
internal interface IEpollSource
{
    /// <summary>What happened to the descriptor: a set of EPOLL… bits.</summary>
    void OnReady(uint events);

    /// <summary>The lane ends: the descriptor is closed, as nobody looks after it any more.</summary>
    void OnLaneEnded();
}
