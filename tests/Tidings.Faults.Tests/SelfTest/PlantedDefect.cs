namespace Tidings.Faults.Tests.SelfTest;

/// <summary>A mistake of the simulated server that the ledger must find.</summary>
public enum PlantedDefect
{
    None,

    /// <summary>One message in 10⁵ is not delivered.</summary>
    Drop,

    /// <summary>Two messages change places on their way.</summary>
    Swap,

    /// <summary>One message comes twice.</summary>
    Repeat,

    /// <summary>After a restart the log lacks its tail, and its offsets are given again.</summary>
    ReusedOffset,

    /// <summary>A bit of a message is not what it was.</summary>
    FlippedBit,

    /// <summary>A reader is told that all was recovered, or not told at all, though the log began anew.</summary>
    SwallowedGap,

    /// <summary>An answer goes out for what is then not written.</summary>
    EarlyAnswer,

    /// <summary>A revoked user gets the replay.</summary>
    UncheckedReplay,

    /// <summary>Somebody who has gone is still named.</summary>
    GhostPresence,

    /// <summary>A retry is entered again.</summary>
    SecondEntry,

    /// <summary>What was answered first stands behind what was begun after it.</summary>
    InvertedOrder,

    /// <summary>A reader is connected and gets nothing more.</summary>
    StuckReader,
}

/// <summary>The one time in a run that the mistake is made.</summary>
internal sealed class Plant(PlantedDefect defect, Random random)
{
    private int _left = defect switch
    {
        PlantedDefect.Drop or PlantedDefect.Repeat or PlantedDefect.FlippedBit or PlantedDefect.StuckReader => random.Next(10_000, 100_000),
        PlantedDefect.Swap => random.Next(1_000, 20_000),
        PlantedDefect.EarlyAnswer or PlantedDefect.InvertedOrder => random.Next(100, 5_000),
        PlantedDefect.SecondEntry => random.Next(10, 200),
        _ => 1,
    };

    public PlantedDefect Defect => defect;
    public bool Happened { get; private set; }

    /// <summary>Whether this is the occasion. Asked at each.</summary>
    public bool Strikes(PlantedDefect kind)
    {
        if (kind != defect || Happened || --_left > 0)
        {
            return false;
        }

        return Happened = true;
    }
}
