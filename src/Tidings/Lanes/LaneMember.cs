namespace Tidings.Lanes;

/// <summary>What a lane owns and flushes: a connection, as the lane sees it.</summary>
internal abstract class LaneMember : TimerEntry
{
    /// <summary>Hands what is queued to the wire. Called once at the end of a turn, after <see cref="Lane.MarkDirty"/>.</summary>
    public abstract void Flush();
}
