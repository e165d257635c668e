namespace Tidings.Pressure;

/// <summary>How hard-pressed this process is. Safe from any thread.</summary>
internal interface IPressure
{
    /// <summary>The part in use of the memory that the process may use: 1 is all of it.</summary>
    double Memory { get; }

    /// <summary>How long work waits for a thread of the pool.</summary>
    TimeSpan QueueDelay { get; }

    /// <summary>Has garbage looked for, without waiting for it: who refuses work allocates little, and would not learn that memory is free again.</summary>
    void Relieve();
}
