using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>A stored frame between its row, its columns and the record that travels.</summary>
internal static class FrameOfRow
{
    /// <summary>Adds the row that a reader stands on, selected by <see cref="Frames.BinaryCopy.ColumnsOfOneGpu"/>.</summary>
    /// <param name="first">Ordinal of the first of these columns.</param>
    public static void Read(NpgsqlDataReader reader, int first, FrameColumns to)
    {
        to.AddRow();
        for (var column = (FrameColumn)0; (int)column < FrameColumnFacts.Count; column++)
        {
            var ordinal = first + (int)column;
            if (!reader.IsDBNull(ordinal))
            {
                to.Put(column, column.IsReal() ? BitConverter.DoubleToInt64Bits(reader.GetDouble(ordinal)) : column.Width() switch
                {
                    8 => reader.GetInt64(ordinal), // Of a timestamp: microseconds since 2000.
                    4 => reader.GetInt32(ordinal),
                    _ => reader.GetInt16(ordinal),
                });
            }
        }
    }

    /// <summary>The record.</summary>
    /// <param name="values">The columns.</param>
    public static Frame Make(GpuId gpu, Func<FrameColumn, FrameValues> values, int row)
    {
        return new Frame
        {
            Gpu = gpu,
            Time = SealSpan.Moment(Whole(FrameColumn.Time)!.Value), // This and the other four are never null in a stored frame.
            Sequence = Whole(FrameColumn.Sequence)!.Value, // as above
            Seconds = Real(FrameColumn.Seconds)!.Value, // as above
            EnergyJoules = Real(FrameColumn.EnergyJoules),
            PowerAverageWatts = Real(FrameColumn.PowerAverageWatts),
            PowerMaxWatts = Real(FrameColumn.PowerMaxWatts),
            TemperatureCelsius = Real(FrameColumn.TemperatureCelsius),
            MemoryTemperatureCelsius = Real(FrameColumn.MemoryTemperatureCelsius),
            ThermalMarginCelsius = Real(FrameColumn.ThermalMarginCelsius),
            UtilizationRatio = Real(FrameColumn.UtilizationRatio),
            MemoryActivityRatio = Real(FrameColumn.MemoryActivityRatio),
            MemoryUsedBytes = Whole(FrameColumn.MemoryUsedBytes),
            MemoryTotalBytes = Whole(FrameColumn.MemoryTotalBytes),
            SmClockHertz = Real(FrameColumn.SmClockHertz),
            MemoryClockHertz = Real(FrameColumn.MemoryClockHertz),
            PowerLimitWatts = Real(FrameColumn.PowerLimitWatts),
            FanRatio = Real(FrameColumn.FanRatio),
            ThrottleSeconds = Throttle(),
            Tokens = Whole(FrameColumn.Tokens),
            Samples = (int?)Whole(FrameColumn.Samples),
            Origin = (Origin)Whole(FrameColumn.Origin)!.Value, // as above
            EnergyMethod = (EnergyMethod?)Whole(FrameColumn.EnergyMethod),
        };

        double? Real(FrameColumn column) => values(column).Real(row);

        long? Whole(FrameColumn column) => values(column).Whole(row);

        ThrottleSeconds? Throttle()
        {
            var throttle = new ThrottleSeconds
            {
                SwPowerCap = Real(FrameColumn.ThrottleSwPowerCapSeconds),
                SwThermal = Real(FrameColumn.ThrottleSwThermalSeconds),
                HwThermal = Real(FrameColumn.ThrottleHwThermalSeconds),
                PowerBrake = Real(FrameColumn.ThrottlePowerBrakeSeconds),
            };
            return throttle == new ThrottleSeconds() ? null : throttle;
        }
    }
}
